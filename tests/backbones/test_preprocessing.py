"""Tests of preprocessing as Hugging Face writes it down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline_tasks.backbones.preprocessing import read_preprocessing
from pipeline_tasks.errors import SettingsError


def written(folder: Path, **known: Any) -> Path:
    (folder / "preprocessor_config.json").write_text(json.dumps(known))
    return folder


def of_bytes(folder: Path, value: int) -> list[float]:
    """Value of a grey pixel in each channel after the preprocessing."""
    found = read_preprocessing(folder)
    return [value * factor + shift for factor, shift in zip(found.factors, found.shifts, strict=True)]


def test_preprocessing__scales_then_takes_the_mean_and_divides_by_the_spread(tmp_path: Path) -> None:
    folder = written(tmp_path, image_mean=[0.5, 0.4, 0.2], image_std=[0.5, 0.2, 0.1], size=224, crop_pct=0.875)

    assert of_bytes(folder, 255) == pytest.approx([1.0, 3.0, 8.0])
    assert of_bytes(folder, 0) == pytest.approx([-1.0, -2.0, -2.0])


@pytest.mark.parametrize(
    ("known", "white"),
    [
        ({"do_normalize": False, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}, 1.0),
        ({"do_rescale": False, "do_normalize": False}, 255.0),
        ({"rescale_factor": 1 / 127.5, "rescale_offset": True}, 1.0),
        ({"image_mean": [0.5] * 3, "image_std": [0.5] * 3, "include_top": True}, 2.0),
    ],
)
def test_preprocessing__follows_what_the_file_leaves_out_or_adds(tmp_path: Path, known: dict[str, Any], white: float) -> None:
    assert of_bytes(written(tmp_path, **known), 255) == pytest.approx([white] * 3)


def test_preprocessing__is_part_of_the_words_that_become_a_digest(tmp_path: Path) -> None:
    plain = read_preprocessing(written(tmp_path, do_normalize=False))
    swapped = read_preprocessing(written(tmp_path, do_normalize=False, do_flip_channel_order=True))

    assert swapped.is_blue_first
    assert plain.words != swapped.words


@pytest.mark.parametrize(
    "known", [{"do_normalize": True}, {"image_mean": [0.5], "image_std": [0.5] * 3}, {"image_mean": "imagenet"}]
)
def test_preprocessing__refuses_means_that_are_not_three_numbers(tmp_path: Path, known: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=r"wanted image_mean as three numbers in .*preprocessor_config.json, found"):
        read_preprocessing(written(tmp_path, **known))


def test_preprocessing__refuses_what_is_no_json(tmp_path: Path) -> None:
    (tmp_path / "preprocessor_config.json").write_text("version https://git-lfs")

    with pytest.raises(SettingsError, match="cannot be read"):
        read_preprocessing(tmp_path)
