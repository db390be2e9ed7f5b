"""Tests of labelled folders of CVAT for images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from given_formats import a_text, an_image, boxes_of, read

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.geometry.run_lengths import decode
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.masks.mask import Mask

BOX = '<box label="bolt" xtl="2.0" ytl="3.5" xbr="12" ybr="13.5" occluded="0"/>'


def a_file(folder: Path, shapes: str, image: str = 'name="a.png" width="40" height="30"') -> None:
    labels = "<meta><task><labels><label><name>bolt</name></label><label><name>nut</name></label></labels></task></meta>"
    text = f"<annotations><version>1.1</version>{labels}<image id='0' {image}>{shapes}</image></annotations>"
    a_text(folder / "annotations.xml", text)


def test_cvat__reads_boxes_and_hulls_of_polygons(tmp_path: Path) -> None:
    an_image(tmp_path / "images" / "sub" / "a.png")
    polygon = '<polygon label="nut" points="20,5;30,5;30,15;20,15"/>'
    a_file(tmp_path, f'{BOX}{polygon}<polyline label="bolt" points="1,1;2,2"/>', 'name="sub/a.png" width="40" height="30"')

    found = read(tmp_path)

    assert (found.format_name, found.label_kind, found.class_names) == ("CVAT", "box", ("bolt", "nut"))
    assert boxes_of(found, "a.png") == [("bolt", 2, 3.5, 10, 10), ("nut", 20, 5, 10, 10)]
    assert [one.example for one in found.left_out] == ["annotations.xml: image 1, shape 3 (polyline)"]


def test_cvat__turns_a_box_around_its_middle(tmp_path: Path) -> None:
    an_image(tmp_path / "a.png")
    a_file(tmp_path, '<box label="bolt" xtl="10" ytl="10" xbr="20" ybr="14" rotation="90"/>')

    (image,) = read(tmp_path).images

    (box,) = image.objects
    assert isinstance(box, Box)
    assert (box.x_min_px, box.y_min_px, box.width_px, box.height_px) == pytest.approx((13, 7, 4, 10))
    assert sorted(np.round(box.corners_px or (), 6)) == [7, 7, 13, 13, 17, 17, 17, 17]


def test_cvat__reads_masks_of_runs_by_rows(tmp_path: Path) -> None:
    an_image(tmp_path / "a.png")
    a_file(tmp_path, '<mask label="nut" rle="1, 2, 1, 2" left="5" top="6" width="3" height="2"/>')

    (image,) = read(tmp_path, "mask").images

    (mask,) = image.objects
    assert isinstance(mask, Mask)
    wanted = np.zeros((30, 40), np.bool_)
    wanted[6, 6:8] = wanted[7, 6:8] = True
    assert (decode(mask.rle, mask.size_px) == wanted).all()


@pytest.mark.parametrize(
    ("shape", "says"),
    [
        (BOX.replace('label="bolt" ', ""), r"annotations.xml: image 1, shape 1 \(box\): label: wanted a text, found nothing"),
        (BOX.replace('xtl="2.0" ', ""), r"image 1, shape 1 \(box\): xtl: wanted a number, found None"),
        (BOX.replace("13.5", "1e"), r"shape 1 \(box\): ybr: wanted a number, found '1e'"),
        ('<polygon label="nut" points="1,2;3"/>', r"shape 1 \(polygon\): points: wanted x,y;x,y"),
        ('<polygon label="nut"/>', r"shape 1 \(polygon\): points: wanted x,y;x,y"),
    ],
)
def test_cvat__refuses_shapes_with_file_and_place(tmp_path: Path, shape: str, says: str) -> None:
    an_image(tmp_path / "a.png")
    a_file(tmp_path, shape)

    with pytest.raises(SettingsError, match=says):
        read(tmp_path)


@pytest.mark.parametrize("image", ['width="40" height="30"', 'name="a.png" width="40"', 'name="a.png" width="0" height="30"'])
def test_cvat__refuses_images_without_a_name_or_a_size(tmp_path: Path, image: str) -> None:
    an_image(tmp_path / "a.png")
    a_file(tmp_path, BOX, image)

    with pytest.raises(SettingsError, match=r"annotations.xml: image 1: (name|height|width)"):
        read(tmp_path)


@pytest.mark.parametrize(
    "mask",
    [
        'rle="1, 2" left="5" top="6" width="3" height="2"',
        'rle="6" left="38" top="6" width="3" height="2"',
        'rle="x, 6" left="5" top="6" width="3" height="2"',
        'rle="999999999999" left="0" top="0" width="999999" height="999999"',
        'rle="0, 6" left="-1" top="6" width="3" height="2"',
        'rle="0, inf" left="1" top="6" width="3" height="2"',
        'rle="0, 6" left="inf" top="6" width="3" height="2"',
        'rle="0, nan, 6" left="1" top="6" width="3" height="2"',
        'rle="0.5, 5.5" left="1" top="6" width="3" height="2"',
    ],
)
def test_cvat__leaves_out_masks_whose_runs_do_not_fit(tmp_path: Path, mask: str) -> None:
    an_image(tmp_path / "a.png")
    a_file(tmp_path, f'<mask label="nut" {mask}/><polygon label="nut" points="20,5;30,5;30,15"/>')

    found = read(tmp_path, "mask")

    assert found.objects == 1
    assert [one.reason for one in found.left_out] == ["object with numbers that cannot be read"]


def test_cvat__leaves_out_a_file_with_entities(tmp_path: Path) -> None:
    an_image(tmp_path / "a.png")
    a_text(tmp_path / "bad.xml", '<!DOCTYPE a [<!ENTITY b "c">]><annotations>&b;</annotations>')
    a_file(tmp_path, BOX)

    assert [one.reason for one in read(tmp_path).left_out] == ["annotation file that cannot be read"]
