"""Tests of COCO files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from given_formats import a_coco, a_text, an_image, boxes_of, counts, masks_of, read

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.formats import labelled_folder as reasons
from pipeline_tasks.formats.reading import read_folder
from pipeline_tasks.geometry.run_lengths import decode, encode

NAMES = {3: "nut", 7: "größe 2"}


def listed(number: int, name: str, size_px: tuple[int, int] = (40, 30)) -> dict[str, Any]:
    """An entry of `images`."""
    return {"id": number, "file_name": name, "width": size_px[0], "height": size_px[1]}


def drawn(image: int, bbox: list[float], category: int = 3, **more: object) -> dict[str, Any]:
    """An entry of `annotations`."""
    return {"id": 1, "image_id": image, "category_id": category, "bbox": bbox, **more}


def test_boxes__are_edges_from_0_and_images_without_one_are_empty(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        an_image(tmp_path / "images" / name)
    entries = [drawn(1, [0, 0, 40, 30]), drawn(1, [2.5, 3, 4, 5.25], 7)]
    a_coco(tmp_path / "annotations" / "instances_train.json", [listed(1, "a.jpg"), listed(2, "b.jpg")], entries, NAMES)

    found = read(tmp_path)

    assert (found.format_name, found.label_kind, found.class_names) == ("COCO", "box", ("nut", "größe 2"))
    assert boxes_of(found, "a.jpg") == [("nut", 0, 0, 40, 30), ("größe 2", 2.5, 3, 4, 5.25)]
    assert boxes_of(found, "b.jpg") == []
    assert counts(found) == {reasons.NOT_LISTED: 1}


def test_boxes__that_cannot_be_used_are_left_out_with_a_reason_and_others_cut_at_the_border(tmp_path: Path) -> None:
    an_image(tmp_path / "a.jpg")
    entries = [
        drawn(1, [5, 5, 0, 4]),
        drawn(1, [5, 5, 4, -2]),
        drawn(1, [50, 5, 4, 4]),
        drawn(1, [30, 20, 20, 20]),
        drawn(1, [1, 1, 5, 5], iscrowd=1),
        drawn(9, [1, 1, 5, 5]),
        {"id": 2, "image_id": 1, "category_id": 3},
    ]
    a_coco(tmp_path / "_annotations.coco.json", [listed(1, "a.jpg"), listed(2, "gone.jpg")], entries, NAMES)

    found = read(tmp_path)

    assert boxes_of(found, "a.jpg") == [("nut", 30, 20, 10, 10)]
    assert counts(found) == {
        reasons.NO_SIZE: 2,
        reasons.OUTSIDE: 1,
        reasons.CROWD: 1,
        reasons.NO_BOX: 1,
        reasons.NO_FILE: 1,
        "object of an image that is not listed": 1,
    }
    assert [(one.reason, one.count) for one in found.changed] == [(reasons.CUT, 1)]


def test_masks__are_polygons_and_run_lengths_of_both_forms(tmp_path: Path) -> None:
    an_image(tmp_path / "a.jpg")
    region = np.zeros((30, 40), bool)
    region[3:8, 10:20] = True
    uncompressed = np.diff(np.concatenate([[0], np.flatnonzero(np.diff(region.T.ravel(), prepend=False)), [1200]])).tolist()
    forms: list[object] = [
        [[10, 3, 20, 3, 20, 8, 10, 8]],
        [[10, 3, 15, 3, 15, 8, 10, 8], [15, 3, 20, 3, 20, 8, 15, 8]],
        {"size": [30, 40], "counts": uncompressed},
        {"size": [30, 40], "counts": encode(region)},
        {"size": [4, 4], "counts": encode(np.ones((4, 4), bool))},
        [],
    ]
    entries = [drawn(1, [10, 3, 10, 5], segmentation=one) for one in forms]
    a_coco(tmp_path / "a.json", [listed(1, "a.jpg")], entries, NAMES)

    found = read(tmp_path, "mask")

    assert [one.rle for one in masks_of(found, "a.jpg")] == [encode(region)] * 4
    assert [bool(one.polygon_px) for one in masks_of(found, "a.jpg")] == [True, False, False, False]
    assert counts(found) == {reasons.DAMAGED: 1, reasons.NO_MASK: 1}


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_objects_of_stored_pixels__are_turned_with_their_image(orientation: int, tmp_path: Path) -> None:
    an_image(tmp_path / "a.jpg", (40, 30), orientation)
    region = np.zeros((30, 40), bool)
    region[2:6, 1:11] = True
    entries = [drawn(1, [1, 2, 10, 4], segmentation={"size": [30, 40], "counts": encode(region)})]
    stored, upright = tmp_path / "stored.json", tmp_path / "upright.json"
    a_coco(stored, [listed(1, "a.jpg")], entries, NAMES)

    box = boxes_of(read(stored, "box"), "a.jpg")[0][1:]
    mask = masks_of(read(stored, "mask"), "a.jpg")[0]

    assert mask.size_px == (30, 40)
    assert mask.box_px == box, "the box and the pixels go to the same place"
    assert (box[2], box[3]) == (4, 10)
    assert decode(mask.rle, mask.size_px).sum() == 40
    stored.unlink()
    a_coco(upright, [listed(1, "a.jpg", (30, 40))], [drawn(1, list(box))], NAMES)
    assert boxes_of(read(upright), "a.jpg")[0][1:] == box


def test_image_of_another_size__is_left_out(tmp_path: Path) -> None:
    an_image(tmp_path / "a.jpg")
    an_image(tmp_path / "b.jpg")
    a_coco(tmp_path / "a.json", [listed(1, "a.jpg", (80, 60)), listed(2, "b.jpg")], [drawn(1, [1, 1, 5, 5])], NAMES)

    assert counts(read(tmp_path)) == {reasons.OTHER_SIZE: 1}


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        (drawn(1, [1, 1, 5, 5], 4), r"annotations\[0\].category_id: wanted one of the categories \[3, 7\].*found 4"),
        ({"id": 1, "category_id": 3, "bbox": [1, 1, 5, 5]}, r"annotations\[0\].image_id: wanted a whole number, found None"),
    ],
)
def test_wrong_numbers__are_refused_with_place_value_and_fix(entry: dict[str, Any], says: str, tmp_path: Path) -> None:
    an_image(tmp_path / "a.jpg")
    a_coco(tmp_path / "a.json", [listed(1, "a.jpg")], [entry], NAMES)

    with pytest.raises(SettingsError, match=says):
        read_folder(tmp_path)


def test_two_files__are_read_together_but_not_of_one_image(tmp_path: Path) -> None:
    for name in ("train/a.jpg", "val/a.jpg"):
        an_image(tmp_path / name)
        a_coco(tmp_path / name.replace("a.jpg", "x.json"), [listed(1, "a.jpg")], [drawn(1, [1, 1, 5, 5])], NAMES)

    assert len(read(tmp_path).images) == 2
    a_coco(tmp_path / "val" / "again.json", [listed(1, "a.jpg")], [], NAMES)
    with pytest.raises(SettingsError, match=r"val/a.jpg \(COCO\): wanted each image in one file.*again.json"):
        read_folder(tmp_path)
    assert len(read(tmp_path / "val" / "x.json").images) == 1, "one of the files may be named"


def test_a_file_of_captions_or_of_something_else__is_no_labelled_folder(tmp_path: Path) -> None:
    an_image(tmp_path / "a.jpg")
    a_coco(tmp_path / "captions.json", [listed(1, "a.jpg")], [{"id": 1, "image_id": 1, "caption": "a nut"}], NAMES)
    a_text(tmp_path / "other.json", "[1, 2]")

    assert read_folder(tmp_path) is None
