"""Tests of YOLO folders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from given_formats import a_text, an_image, boxes_of, counts, masks_of, read

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.formats import labelled_folder as reasons
from pipeline_tasks.formats.reading import read_folder
from pipeline_tasks.geometry.run_lengths import encode

NAMES = "names: {0: nut, 1: bolt}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two images of 40 x 30 pixels in folders of images and labels."""
    an_image(tmp_path / "images" / "train" / "a.jpg")
    an_image(tmp_path / "images" / "val" / "b.jpg")
    a_text(tmp_path / "data.yaml", NAMES)
    return tmp_path


def test_boxes__are_centre_and_sides_in_shares_and_an_image_without_a_file_is_empty(folder: Path) -> None:
    a_text(folder / "labels" / "train" / "a.txt", "0 0.5 0.5 1 1\n\n1 0.25 0.5 0.1 0.2\n1 0.25 0.5 0.1 0.2\n0 0.5 0.5 0 0.1\n")
    (folder / "labels" / "val").mkdir()

    found = read(folder)

    assert (found.format_name, found.label_kind, found.class_names) == ("YOLO", "box", ("nut", "bolt"))
    assert boxes_of(found, "a.jpg")[0] == ("nut", 0, 0, 40, 30)
    assert boxes_of(found, "a.jpg")[1] == ("bolt", pytest.approx(8), pytest.approx(12), pytest.approx(4), pytest.approx(6))
    assert boxes_of(found, "b.jpg") == []
    assert counts(found) == {reasons.TWICE: 1, reasons.NO_SIZE: 1}


def test_polygons__are_masks_and_their_hulls_are_boxes(folder: Path) -> None:
    a_text(folder / "labels" / "train" / "a.txt", "1 0.25 0.1 0.5 0.1 0.5 0.2 0.25 0.2\n")
    (folder / "labels" / "val").mkdir()
    region = np.zeros((30, 40), bool)
    region[3:6, 10:20] = True

    assert [(one.class_name, one.rle) for one in masks_of(read(folder), "a.jpg")] == [("bolt", encode(region))]
    assert boxes_of(read(folder, "box"), "a.jpg") == [("bolt", 10, pytest.approx(3), 10, pytest.approx(3))]


def test_shares__are_of_the_upright_image(tmp_path: Path) -> None:
    an_image(tmp_path / "a.jpg", (40, 30), orientation=6)
    a_text(tmp_path / "a.txt", "0 0.5 0.25 1 0.5")
    a_text(tmp_path / "classes.txt", "nut\n")

    found = read(tmp_path)

    assert found.images[0].size_px == (30, 40)
    assert boxes_of(found, "a.jpg") == [("nut", 0, 0, 30, 20)]


def test_points_of_poses__are_left_out_and_said(folder: Path) -> None:
    a_text(folder / "data.yaml", NAMES + "kpt_shape: [2, 3]\n")
    a_text(folder / "labels" / "train" / "a.txt", "0 0.5 0.5 1 1 0.1 0.1 2 0.2 0.2 1\n")
    (folder / "labels" / "val").mkdir()

    found = read(folder)

    assert boxes_of(found, "a.jpg") == [("nut", 0, 0, 40, 30)]
    assert found.notes == ("points of YOLO are not read, only their boxes",)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("2 0.5 0.5 0.1 0.1", r"a.txt, object 1: wanted one of the 2 classes that data.yaml names \(0 to 1\).*found class 2"),
        ("0.5 0.5 0.5 0.1 0.1", "found class 0.5"),
        ("0 20 15 4 4", "wanted shares of the image's sides, from 0 to 1; divide pixels by its width or height, found 20"),
        ("0 0.5 0.5 0.1 0.1 0.9", "found 6 numbers"),
        ("0 0.5 0.5 nan 0.1", "found nan"),
        ("0 0.5 0.5 wide 0.1", "found 0 0.5 0.5 wide 0.1"),
    ],
)
def test_wrong_lines__are_refused_with_file_line_value_and_fix(line: str, says: str, folder: Path) -> None:
    an_image(folder / "images" / "train" / "0.jpg")
    a_text(folder / "labels" / "train" / "0.txt", "0 0.5 0.5 0.1 0.1\n")
    a_text(folder / "labels" / "train" / "a.txt", line)

    with pytest.raises(SettingsError, match=says):
        read_folder(folder)


def test_folder_without_names__or_with_two_lists_of_them_is_refused(folder: Path) -> None:
    a_text(folder / "labels" / "train" / "a.txt", "0 0.5 0.5 1 1")
    a_text(folder / "more.yaml", "names: [bolt, nut]")
    with pytest.raises(SettingsError, match=r"data.yaml and more.yaml: wanted the same names in both"):
        read_folder(folder)

    for name in ("data.yaml", "more.yaml"):
        (folder / name).unlink()
    with pytest.raises(SettingsError, match=r"wanted a YAML file with `names`, or classes.txt"):
        read_folder(folder)
