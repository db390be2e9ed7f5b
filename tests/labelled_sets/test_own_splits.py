"""Tests of the splits that labelled sets state."""

from __future__ import annotations

from pathlib import Path

import pytest
from given_formats import a_text, read
from given_sets import a_coco_set, an_image

from pipeline_tasks.formats.listing import list_folder
from pipeline_tasks.labelled_sets.own_splits import own_splits


def splits_of(folder: Path) -> dict[str, str]:
    return {path.name: split for path, split in own_splits(read(folder, "box"), list_folder(folder)).items()}


@pytest.mark.parametrize(
    ("folder", "split"),
    [("images/train2017", "train"), ("valid", "val"), ("test/images", "test"), ("images/train_test", None), ("contest", None)],
)
def test_own_splits__are_read_off_folders(tmp_path: Path, folder: str, split: str | None) -> None:
    a_coco_set(tmp_path, {f"{folder}/a.png": [("bolt", 1, 1, 5, 5)]})

    assert splits_of(tmp_path).get("a.png") == split


def test_own_splits__are_read_off_the_annotation_file(tmp_path: Path) -> None:
    a_coco_set(tmp_path, {"a.png": [("bolt", 1, 1, 5, 5)]}, "annotations/instances_val2017.json")
    a_coco_set(tmp_path, {"b.png": [("bolt", 1, 1, 5, 5)]}, "annotations/instances_train2017.json")

    assert splits_of(tmp_path) == {"a.png": "val", "b.png": "train"}


def test_own_splits__of_lists_go_before_names(tmp_path: Path) -> None:
    a_coco_set(tmp_path, {f"train/{name}.png": [("bolt", 1, 1, 5, 5)] for name in ("a", "b", "c d", "e")})
    a_text(tmp_path / "ImageSets" / "Main" / "train.txt", "a 1\ne\n")
    a_text(tmp_path / "ImageSets" / "Main" / "test.txt", "./train/b.png\ntrain/c d.png\ne\n")

    assert splits_of(tmp_path) == {"a.png": "train", "b.png": "test", "c d.png": "test"}, "e is in two lists"


def test_own_splits__are_none_where_nothing_states_them(tmp_path: Path) -> None:
    an_image(tmp_path / "a.png", 1)
    a_coco_set(tmp_path, {"a.png": []})

    assert splits_of(tmp_path) == {}
