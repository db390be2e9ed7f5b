"""Tests of labelled folders of Cityscapes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from given_formats import a_mask_image, a_text, an_image, counts, masks_of, read

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.formats.listing import list_folder
from pipeline_tasks.geometry.run_lengths import decode
from pipeline_tasks.labelled_sets.own_splits import own_splits

SIZE = (40, 30)
ROAD, CAR = 7, 26


def a_scene(folder: Path, number: int = 0, split: str = "train") -> str:
    """Write an image; returns the beginning of the names of its annotations."""
    name = f"ulm_{number:06d}_000019"
    an_image(folder / "leftImg8bit" / split / "ulm" / f"{name}_leftImg8bit.png", SIZE)
    return f"{split}/ulm/{name}_gtFine"


def a_polygon_file(path: Path, *objects: tuple[str, list[list[float]]], **fields: object) -> None:
    listed = [{"label": name, "polygon": points} for name, points in objects]
    a_text(path, json.dumps({"imgWidth": SIZE[0], "imgHeight": SIZE[1], "objects": listed} | fields))


def square(left: float, top: float, side: float = 10) -> list[list[float]]:
    return [[left, top], [left + side, top], [left + side, top + side], [left, top + side]]


def test_cityscapes__reads_a_mask_a_class_and_the_split(tmp_path: Path) -> None:
    values = np.zeros((30, 40), np.uint8)
    values[20:], values[5:9, 3:8], values[0, 0] = ROAD, CAR, 3
    annotations = tmp_path / "gtFine"
    a_mask_image(annotations / f"{a_scene(tmp_path)}_labelIds.png", values)
    a_mask_image(annotations / f"{a_scene(tmp_path)}_color.png", values)
    a_mask_image(annotations / f"{a_scene(tmp_path)}_instanceIds.png", values)
    a_mask_image(annotations / f"{a_scene(tmp_path, 1, 'val')}_labelIds.png", values)
    a_mask_image(annotations / f"{a_scene(tmp_path, 2, 'test')}_labelIds.png", values % 7 % 4)
    a_scene(tmp_path, 3)

    found = read(tmp_path)

    assert (found.format_name, found.label_kind, found.class_names) == ("Cityscapes", "mask", ("car", "road"))
    road, car = masks_of(found, "ulm_000000_000019_leftImg8bit.png")
    assert np.array_equal(decode(car.rle, SIZE), values == CAR)
    assert road.area_px == 400
    assert counts(found) == {"image of void alone, as those whose annotation is kept back": 1, "image without an annotation": 1}
    assert sorted(own_splits(found, list_folder(tmp_path)).values()) == ["train", "val"]


def test_cityscapes__draws_later_outlines_over_earlier_ones(tmp_path: Path) -> None:
    outlines = (("road", square(0, 0, 30)), ("cargroup", square(5, 5)), ("license plate", square(6, 6, 2)), ("sky", square(20, 0)))
    a_polygon_file(tmp_path / "gtFine" / f"{a_scene(tmp_path)}_polygons.json", *outlines)

    areas = {one.class_name: one.area_px for one in masks_of(read(tmp_path), "ulm_000000_000019_leftImg8bit.png")}

    assert areas == {"road": 700, "car": 100, "sky": 100}


def test_cityscapes__takes_values_before_outlines_and_fine_before_coarse(tmp_path: Path) -> None:
    scene = a_scene(tmp_path)
    a_mask_image(tmp_path / "gtFine" / f"{scene}_labelIds.png", np.full((30, 40), CAR, np.uint8))
    a_polygon_file(tmp_path / "gtFine" / f"{scene}_polygons.json", ("road", square(0, 0)))
    a_polygon_file(tmp_path / "gtCoarse" / f"{scene.replace('gtFine', 'gtCoarse')}_polygons.json", ("sky", square(0, 0)))

    found = read(tmp_path)

    assert (found.class_names, found.left_out) == (("car",), ())


@pytest.mark.parametrize(
    ("write", "says"),
    [
        (lambda at: a_polygon_file(at, ("unicorn", square(0, 0))), r"objects\[0\].label: wanted a name of Cityscapes.*'unicorn'"),
        (lambda at: a_polygon_file(at, ("car", [[1, 2, 3]])), r"objects\[0\].polygon: wanted a list of pairs of numbers"),
        (lambda at: a_polygon_file(at, ("car", [["a", 2]])), r"objects\[0\].polygon: wanted a list of pairs of numbers"),
        (lambda at: a_polygon_file(at, imgWidth=0), "imgWidth and imgHeight: wanted the size of the image in pixels"),
        (lambda at: a_polygon_file(at, imgHeight=True), "imgWidth and imgHeight"),
        (lambda at: a_polygon_file(at, objects={}), "objects: wanted a list of outlines"),
        (lambda at: a_polygon_file(at, objects=[7]), r"objects\[0\]: wanted an object with label and polygon, found 7"),
        (lambda at: a_text(at, '{"objects": [], "objects": []}'), "'objects' twice"),
        (lambda at: a_text(at, "[" * 50_000), "nested too deeply"),
    ],
)
def test_cityscapes__refuses_fields_with_file_and_place(tmp_path: Path, write: object, says: str) -> None:
    write(tmp_path / "gtFine" / f"{a_scene(tmp_path)}_polygons.json")  # type: ignore[operator]

    with pytest.raises(SettingsError, match=f"gtFine/train/ulm/ulm_000000_000019_gtFine_polygons.json.*{says}"):
        read(tmp_path)


def test_cityscapes__refuses_a_value_that_has_no_name(tmp_path: Path) -> None:
    a_mask_image(tmp_path / "gtFine" / f"{a_scene(tmp_path)}_labelIds.png", np.full((30, 40), 77, np.uint8))

    with pytest.raises(SettingsError, match=r"labelIds.png: wanted values from 0 to 33.*found the value 77"):
        read(tmp_path)


def test_cityscapes__leaves_out_what_cannot_be_used(tmp_path: Path) -> None:
    good = np.full((30, 40), CAR, np.uint8)
    annotations = tmp_path / "gtFine"
    a_mask_image(annotations / f"{a_scene(tmp_path)}_labelIds.png", good)
    a_mask_image(annotations / f"{a_scene(tmp_path, 1)}_labelIds.png", good[:20])
    a_text(annotations / f"{a_scene(tmp_path, 2)}_labelIds.png", "no image")
    a_mask_image(annotations / "train/ulm/ulm_000009_000019_gtFine_labelIds.png", good)
    far = ("car", [[float("nan"), 1], [5, 1], [5, 9]]), ("car", [[1, 1], [2, 2]]), ("sky", square(0, 0)), ("car", [[1e300, 1]] * 3)
    a_polygon_file(annotations / f"{a_scene(tmp_path, 4)}_polygons.json", imgWidth=10**12)
    a_polygon_file(annotations / f"{a_scene(tmp_path, 3)}_polygons.json", *far)

    found = read(tmp_path)

    assert len(found.images) == 2
    assert counts(found) == {
        "image of another size than its annotation says": 2,
        "annotation file that cannot be read": 1,
        "object with numbers that cannot be read": 2,
        "mask without a pixel": 1,
        "image that is listed, but not in the folder": 1,
        "image without an annotation": 1,
    }
