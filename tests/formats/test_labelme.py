"""Tests of labelled folders of LabelMe."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from given_formats import a_text, an_image, boxes_of, read

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.kinds.masks.mask import Mask

RECTANGLE = {"label": "bolt", "points": [[12, 13.5], [2, 3.5]], "shape_type": "rectangle"}
POLYGON = {"label": "nut", "points": [[20, 5], [30, 5], [30, 15], [20, 15]], "shape_type": "polygon"}


def a_file(path: Path, shapes: object, **fields: object) -> Path:
    content = {"version": "5.4.1", "imagePath": f"{path.stem}.png", "imageWidth": 40, "imageHeight": 30, "imageData": None}
    return a_text(path, json.dumps(content | {"shapes": shapes} | fields))


def test_labelme__reads_rectangles_and_polygons_as_boxes(tmp_path: Path) -> None:
    an_image(tmp_path / "a.png")
    an_image(tmp_path / "b c.png")
    line = {"label": "bolt", "points": [[1, 1], [5, 5]], "shape_type": "line"}
    a_file(tmp_path / "a.json", [RECTANGLE, POLYGON, line])
    a_file(tmp_path / "b c.json", [])

    found = read(tmp_path)

    assert (found.format_name, found.label_kind, found.class_names) == ("LabelMe", "box", ("bolt", "nut"))
    assert boxes_of(found, "a.png") == [("bolt", 2, 3.5, 10, 10), ("nut", 20, 5, 10, 10)]
    assert boxes_of(found, "b c.png") == []
    assert [one.example for one in found.left_out] == ["a.json: shapes[2] (line)"]


def test_labelme__reads_polygons_as_masks_of_the_turned_image(tmp_path: Path) -> None:
    an_image(tmp_path / "a.jpg", orientation=6)
    a_file(tmp_path / "a.json", [POLYGON], imagePath="..\\images\\a.jpg")

    (image,) = read(tmp_path, "mask").images

    (mask,) = image.objects
    assert isinstance(mask, Mask)
    assert (image.size_px, mask.area_px, mask.box_px) == ((30, 40), 100, (15, 20, 10, 10))


@pytest.mark.parametrize(
    ("shape", "says"),
    [
        ({}, r"a.json: shapes\[1\]\.label: wanted the name of a class, found None"),
        ({"label": "nut"}, r"a.json: shapes\[1\]\.points: wanted a list of pairs of numbers, found None"),
        (POLYGON | {"points": [[1, 2, 3]]}, r"shapes\[1\]\.points: wanted a list of pairs"),
        (POLYGON | {"points": [["1", 2]]}, r"shapes\[1\]\.points: wanted a list of pairs"),
        (POLYGON | {"label": ""}, r"shapes\[1\]\.label"),
        ("nut", r"shapes\[1\]: wanted an object with label and points, found 'nut'"),
    ],
)
def test_labelme__refuses_fields_with_file_and_field(tmp_path: Path, shape: object, says: str) -> None:
    an_image(tmp_path / "a.png")
    a_file(tmp_path / "a.json", [RECTANGLE, shape])

    with pytest.raises(SettingsError, match=says):
        read(tmp_path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"shapes": [], "imagePath": 3}', "a.json: imagePath: wanted the image's file name, found 3"),
        ('{"shapes": {}, "imagePath": "a.png"}', "a.json: shapes: wanted a list of shapes"),
        ('{"shapes": [], "shapes": [], "imagePath": "a.png"}', "a.json: .*twice"),
        ('{"shapes": [' + "[" * 100_000 + ', "imagePath": "a.png"}', "a.json: .*nested too deeply"),
        ('{"shapes": [], "imagePath": "a.png"', "a.json: .*no JSON"),
    ],
)
def test_labelme__refuses_files_that_are_none(tmp_path: Path, text: str, says: str) -> None:
    an_image(tmp_path / "a.png")
    a_text(tmp_path / "a.json", text)

    with pytest.raises(SettingsError, match=says):
        read(tmp_path)


def test_labelme__leaves_out_what_cannot_be_used(tmp_path: Path) -> None:
    an_image(tmp_path / "a.png")
    an_image(tmp_path / "b.png")
    huge = POLYGON | {"points": [[1e300, 1], [2, 2], [3, 5]]}
    far = RECTANGLE | {"points": [[100, 100], [120, 120]]}
    a_file(tmp_path / "a.json", [RECTANGLE, huge, far])
    a_file(tmp_path / "b.json", [RECTANGLE], imageWidth=50)
    a_file(tmp_path / "gone.json", [RECTANGLE])

    found = read(tmp_path)

    assert boxes_of(found, "a.png")[0] == ("bolt", 2, 3.5, 10, 10)
    assert {one.reason for one in found.left_out} >= {
        "object outside its image",
        "image of another size than its annotation says",
        "image that is listed, but not in the folder",
    }
