"""Tests of finding out a folder's format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from given_formats import a_coco, a_mask_image, a_text, an_image, read, read_only

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.formats.reading import CLASS_FOLDERS, FORMATS, read_folder
from pipeline_tasks.records.labelled_set import FORMAT_KEYS


def test_folder_of_class_folders__is_no_labelled_folder(tmp_path: Path) -> None:
    for name in ("cat/a.jpg", "dog/a.jpg"):
        an_image(tmp_path / name)

    assert read_folder(tmp_path) is None


def test_folder_of_two_formats__is_read_by_the_one_that_has_the_wanted_kind(tmp_path: Path) -> None:
    an_image(tmp_path / "images" / "a.jpg")
    a_text(tmp_path / "labels" / "a.txt", "0 0.5 0.5 1 1")
    a_text(tmp_path / "classes.txt", "nut\n")
    a_mask_image(tmp_path / "masks" / "a.png", np.full((30, 40), 255, np.uint8))

    assert read(tmp_path).format_name == "YOLO"
    assert read(tmp_path, "mask").format_name == "masks beside images"
    with pytest.raises(SettingsError, match=r"kind keypoints, found YOLO with the label kinds box; masks beside images with"):
        read_folder(tmp_path, "keypoints")


def test_folder_whose_images_cannot_be_opened__is_refused_with_the_reasons(tmp_path: Path) -> None:
    a_text(tmp_path / "a.jpg", "no image")
    a_coco(tmp_path / "a.json", [{"id": 1, "file_name": "a.jpg"}], [], {1: "nut"})

    with pytest.raises(SettingsError, match=r"found none: 1 × image that cannot be opened \(a.jpg\)"):
        read_folder(tmp_path)


def test_lines__say_what_was_seen_taken_and_left_out(tmp_path: Path) -> None:
    an_image(tmp_path / "a.jpg")
    an_image(tmp_path / "b.jpg")
    a_text(tmp_path / "a.txt", "0 0.5 0.5 1 1\n1 0.5 0.5 0 0")
    a_text(tmp_path / "classes.txt", "nut\nbolt\n")

    assert list(read(tmp_path).lines()) == [
        "YOLO: 2 images with 1 objects (1 nut, 0 bolt); nothing is there in 1",
        "left out: 1 × object without a width or a height; the first: a.txt, object 2",
    ]


def test_import_of_two_formats__asks_which_one_is_meant(tmp_path: Path) -> None:
    an_image(tmp_path / "images" / "a.jpg")
    a_text(tmp_path / "labels" / "a.txt", "0 0.5 0.5 1 1")
    a_text(tmp_path / "classes.txt", "nut\n")
    a_coco(tmp_path / "a.json", [{"id": 1, "file_name": "a.jpg"}], [], {1: "nut"})

    with pytest.raises(SettingsError, match=r"found COCO \(1 files\) and YOLO \(1 files\); say --format coco or --format yolo"):
        read_only(tmp_path, "box")
    assert read_only(tmp_path, "box", "yolo").objects == 1
    assert read_only(tmp_path, "box", "coco").objects == 0
    with pytest.raises(SettingsError, match="wanted labels of the kind box in one of the formats KITTI; found none of them"):
        read_only(tmp_path, "box", "kitti")


def test_import_of_class_folders__is_read_where_no_annotation_file_says_classes(tmp_path: Path) -> None:
    an_image(tmp_path / "data" / "a1.jpg")
    assert read_only(tmp_path, "class").format_name == "class folders"

    a_text(tmp_path / "labels.csv", "ImageID,Source,LabelName,Confidence\na1,verification,/m/1,1\n")
    assert read_only(tmp_path, "class").format_name == "Open Images"
    assert read_only(tmp_path, "class", "imagefolder").class_names == ("data",)


def test_names_of_formats__are_those_that_options_offer() -> None:
    assert tuple(one.key for one in (*FORMATS, CLASS_FOLDERS)) == FORMAT_KEYS
