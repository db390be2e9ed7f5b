"""Test of a labelled set from its import over a trained model to exports that other readers read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import given_models
import numpy as np
import pytest
from given_sets import a_box_project, a_coco_set, the_set
from imported_sets import import_and_train, readings
from kinds.given_nights import noise
from PIL import Image

SIDE = 24


@pytest.mark.slow
def test_a_set__is_imported_trained_on_exported_and_read_back_equal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTLENS_HOME", str(tmp_path))
    monkeypatch.setenv("WANDB_MODE", "disabled")
    night = a_box_project(tmp_path, selection={"budget": 0}, training=given_models.TRAINING)
    folder = tmp_path / "theirs"
    a_coco_set(folder, {f"images/{number}.png": _drawn(folder, number) for number in range(40)}, size_px=(96, 72))
    wanted = the_set(folder, classes={"Schraube": "bolt", "Mutter": "nut"}, splitting="new")

    told = import_and_train(night, wanted)

    assert told["import_labels"]["labels_new"] == 40
    assert told["send_to_labeling"]["tasks"] == 0
    assert told["train_model"]["skipped"] is None
    assert told["build_dataset_version"]["images"] == 40
    found = list(readings(night, wanted, "box", tmp_path / "exports"))
    assert {(one.format_name, one.reader) for one in found} >= {
        ("coco", "nightlens"),
        ("coco", "pycocotools"),
        ("yolo", "nightlens"),
    }
    assert {(one.images, one.differing) for one in found} == {(40, 0)}


def _drawn(folder: Path, number: int) -> Sequence[tuple[str, float, float, float, float]]:
    """Write a dark image with one bright square, or none; a fifth are empty."""
    pixels, place = noise(number), 3 + number
    name = ("Schraube", "Mutter")[number % 2]
    is_empty = number % 5 == 4
    if not is_empty:
        pixels[10 : 10 + SIDE, place : place + SIDE, 0 if name == "Schraube" else 2] += 160
    (folder / "images").mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.astype(np.uint8)).save(folder / "images" / f"{number}.png")
    return [] if is_empty else [(name, float(place), 10.0, float(SIDE), float(SIDE))]
