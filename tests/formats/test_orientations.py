"""Tests that a box is in its place in the upright image for all 8 EXIF orientations, in every format of boxes and masks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from given_formats import a_mask_image, a_text, an_image, read_only

from pipeline_tasks.geometry.boxes import ious
from pipeline_tasks.geometry.run_lengths import decode
from pipeline_tasks.geometry.turning import turn_mask, turn_points, upright_size
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.boxes.label_studio import write_boxes
from pipeline_tasks.kinds.masks.mask import Mask

STORED = (40, 30)
ORIENTATIONS = range(1, 9)
TURNED = (5, 6, 7, 8)
"""Orientations whose sides are swapped: a size tells which pixels an annotation is of."""
SAY_A_SIZE = ("coco", "voc", "cvat", "labelme")
FORMATS = (*SAY_A_SIZE, "kitti", "yolo", "open-images", "label-studio")
BOX = (4.0, 3.0, 9.0, 12.0)
"""Left, top, width and height; inside both forms of the image."""


def write(key: str, root: Path, box: tuple[float, ...], size_px: tuple[int, int]) -> None:
    """Write one box of `a.jpg` in a format, in pixels of an image of this size."""
    (left, top, wide, high), (width, height) = box, size_px
    right, bottom = left + wide, top + high
    size = {"width": width, "height": height}
    if key == "coco":
        listed = {"images": [{"id": 3, "file_name": "a.jpg"} | size], "categories": [{"id": 9, "name": "nut"}]}
        a_text(
            root / "a.json", json.dumps(listed | {"annotations": [{"id": 1, "image_id": 3, "category_id": 9, "bbox": list(box)}]})
        )
    elif key == "voc":
        sides = f"<xmin>{left + 1}</xmin><ymin>{top + 1}</ymin><xmax>{right}</xmax><ymax>{bottom}</ymax>"
        about = f"<filename>a.jpg</filename><size><width>{width}</width><height>{height}</height></size>"
        a_text(root / "a.xml", f"<annotation>{about}<object><name>nut</name><bndbox>{sides}</bndbox></object></annotation>")
    elif key == "cvat":
        shape = f'<box label="nut" xtl="{left}" ytl="{top}" xbr="{right}" ybr="{bottom}"/>'
        image = f'<image name="a.jpg" width="{width}" height="{height}">{shape}</image>'
        a_text(root / "a.xml", f"<annotations>{image}</annotations>")
    elif key == "labelme":
        shape_of: dict[str, Any] = {"label": "nut", "shape_type": "rectangle", "points": [[left, top], [right, bottom]]}
        a_text(
            root / "a.json", json.dumps({"imagePath": "a.jpg", "imageWidth": width, "imageHeight": height, "shapes": [shape_of]})
        )
    elif key == "kitti":
        a_text(root / "a.txt", f"nut 0 0 0 {left} {top} {right} {bottom} 1 1 1 1 1 1 1\n")
    elif key == "yolo":
        a_text(root / "data.yaml", "names: {4: nut, 9: bolt}")
        shares = ((left + wide / 2) / width, (top + high / 2) / height, wide / width, high / height)
        a_text(root / "a.txt", "4 " + " ".join(map(repr, shares)))
    elif key == "open-images":
        a_text(
            root / "a.csv",
            f"ImageID,LabelName,XMin,XMax,YMin,YMax\na,nut,{left / width},{right / width},{top / height},{bottom / height}\n",
        )
    else:
        result = write_boxes([Box("nut", *box)], size_px)
        a_text(root / "a.json", json.dumps([{"data": {"image": "a.jpg"}, "annotations": [{"result": result}]}]))


def the_box(root: Path, key: str) -> Box:
    found = read_only(root, "box", key)
    assert found.left_out == ()
    (image,) = found.images
    (box,) = image.objects
    assert isinstance(box, Box)
    return box


def corners(box: Box) -> np.ndarray:
    return np.array([[box.x_min_px, box.y_min_px, box.x_min_px + box.width_px, box.y_min_px + box.height_px]])


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("key", FORMATS)
def test_box_of_the_upright_image__stays_in_its_place(key: str, orientation: int, tmp_path: Path) -> None:
    an_image(tmp_path / "a.jpg", STORED, orientation)
    write(key, tmp_path, BOX, upright_size(STORED, orientation))

    assert ious(corners(the_box(tmp_path, key)), corners(Box("nut", *BOX)))[0, 0] == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("orientation", TURNED)
@pytest.mark.parametrize("key", SAY_A_SIZE)
def test_box_of_the_stored_pixels__is_turned_with_its_image(key: str, orientation: int, tmp_path: Path) -> None:
    an_image(tmp_path / "a.jpg", STORED, orientation)
    write(key, tmp_path, BOX, STORED)

    ends = turn_points((BOX[0], BOX[1], BOX[0] + BOX[2], BOX[1] + BOX[3]), STORED, orientation)
    wanted = np.array([[min(ends[::2]), min(ends[1::2]), max(ends[::2]), max(ends[1::2])]])
    assert ious(corners(the_box(tmp_path, key)), wanted)[0, 0] == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("key", ["masks", "cityscapes"])
def test_mask_of_either_form_of_the_image__is_in_its_place(key: str, orientation: int, tmp_path: Path) -> None:
    names = {"masks": ("a.jpg", "a_mask.png"), "cityscapes": ("a_leftImg8bit.jpg", "a_gtFine_labelIds.png")}
    stored = np.zeros(STORED[::-1], np.uint8)
    stored[3:15, 4:13] = 26
    upright = turn_mask(stored > 0, orientation)
    for form in (
        (stored, np.where(upright, 26, 0).astype(np.uint8))
        if orientation in TURNED
        else (np.where(upright, 26, 0).astype(np.uint8),)
    ):
        folder = tmp_path / str(form.shape)
        an_image(folder / names[key][0], STORED, orientation)
        a_mask_image(folder / names[key][1], form)
        (image,) = read_only(folder, "mask", key).images
        (mask,) = image.objects
        assert isinstance(mask, Mask)
        assert np.array_equal(decode(mask.rle, image.size_px), upright)
