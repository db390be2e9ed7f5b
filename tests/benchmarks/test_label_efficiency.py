"""Tests of the label efficiency benchmark: its measurements, and its messages on data sets that it cannot measure."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from benchmarks.label_efficiency import main

LABELS = np.array(["fine"] * 200 + ["crack"] * 9 + ["fray"] * 9)


def heaps() -> np.ndarray:
    """One frequent class and two rare ones, far apart."""
    centres = 4 * np.eye(3, 8)[np.unique(LABELS, return_inverse=True)[1]]
    return (centres + 0.3 * np.random.default_rng(0).normal(size=(len(LABELS), 8))).astype(np.float32)


def saved(folder: Path, name: str, array: np.ndarray) -> str:
    np.save(folder / name, array)
    return str(folder / f"{name}.npy")


@pytest.mark.slow
def test_label_efficiency__prints_every_strategy_at_doubling_budgets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [saved(tmp_path, "embeddings", heaps()), saved(tmp_path, "labels", LABELS)]

    main([*files, "--seeds", "3", "--peer-seeds", "0", "--strategies", "auto"])

    said = capsys.readouterr().out
    assert "embeddings: 218 x 8, 218 groups; crack 9, fine 200, fray 9" in said
    table = said.partition("difference to the best other")[0]
    shown = {line.split(" ")[0]: re.findall(r" ([01]\.\d{3}) ", line) for line in table.splitlines()}
    asked = next(line for line in table.splitlines() if line.startswith("labels "))
    assert re.findall(r"\d+", asked) == ["15", "30", "60", "120"]
    assert float(shown["random"][0]) < float(shown["auto"][0])
    assert shown["auto"][-1] == "1.000"


@pytest.mark.parametrize(
    ("embeddings", "labels", "says"),
    [
        (heaps(), LABELS[:50], "labels.npy: wanted 218 labels, one a row of .*embeddings.npy, found shape"),
        (heaps()[:, 0], LABELS, "embeddings.npy: wanted a matrix of numbers"),
        (LABELS[:, None], LABELS, "embeddings.npy: wanted a matrix of numbers"),
        (np.where(np.eye(218, 8) > 0, np.nan, heaps()), LABELS, "NaN or infinity in 8 rows, first in row 0"),
        (heaps(), np.zeros(218), "embeddings: wanted at least two classes, found"),
        (heaps()[::30], LABELS[::30], "embeddings: wanted a pool of more than"),
    ],
)
def test_label_efficiency__names_what_cannot_be_measured(
    tmp_path: Path, embeddings: np.ndarray, labels: np.ndarray, says: str
) -> None:
    with pytest.raises(SystemExit, match=says):
        main([saved(tmp_path, "embeddings", embeddings), saved(tmp_path, "labels", labels)])


def test_label_efficiency__names_a_file_or_folder_that_is_not_one(tmp_path: Path) -> None:
    (tmp_path / "text.npy").write_text("no array")
    with pytest.raises(SystemExit, match="wanted an array as"):
        main([str(tmp_path / "text.npy")] * 2)
    with pytest.raises(SystemExit, match="wanted class folders with images in them"):
        main([str(tmp_path)])
