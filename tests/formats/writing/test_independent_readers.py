"""Tests of exports by readers that are not ours: pycocotools, PyYAML and the standard library's XML."""

from __future__ import annotations

import contextlib
import io
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from given_exports import PX, SPLITS, images_of, write
from kinds.given_objects import DRAWN, HIGH, WIDE
from PIL import Image
from pycocotools.coco import COCO

from pipeline_tasks.geometry.run_lengths import decode


def opened(folder: Path, split: str, first: str = "instances") -> COCO:
    """A file as pycocotools reads it."""
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(folder / "annotations" / f"{first}_{split}.json"))


def by_image(folder: Path, first: str = "instances") -> dict[int, tuple[COCO, list[dict[str, Any]]]]:
    """Number of an image → its annotations as pycocotools finds them."""
    found = {}
    for split in SPLITS:
        coco = opened(folder, split, first)
        found |= {number: (coco, coco.loadAnns(coco.getAnnIds(imgIds=[number]))) for number in coco.getImgIds()}
    return found


@pytest.mark.parametrize("case", ["box", "rotated box"])
def test_pycocotools__finds_every_box_in_its_place(case: str, tmp_path: Path) -> None:
    images = images_of(DRAWN[case])
    write("coco", tmp_path, DRAWN[case].settings, images)

    found = by_image(tmp_path)

    assert sorted(found) == list(range(1, len(images) + 1))
    for number, objects in enumerate(images, start=1):
        coco, annotations = found[number]
        wanted = [(one.class_name, one.x_min_px, one.y_min_px, one.width_px, one.height_px) for one in objects]
        assert [(coco.cats[one["category_id"]]["name"], *one["bbox"]) for one in annotations] == wanted
        assert all(one["area"] > 0 for one in annotations)


@pytest.mark.parametrize("case", ["mask, regions", "mask, objects"])
def test_pycocotools__finds_the_pixels_of_run_lengths_and_nearly_those_of_polygons(case: str, tmp_path: Path) -> None:
    images = images_of(DRAWN[case], 4)
    write("coco", tmp_path, DRAWN[case].settings, images)

    found = by_image(tmp_path)

    for number, objects in enumerate(images, start=1):
        coco, annotations = found[number]
        for annotation, one in zip(annotations, objects, strict=True):
            theirs, ours = coco.annToMask(annotation).astype(bool), decode(one.rle, one.size_px)
            if isinstance(annotation["segmentation"], dict):
                assert np.array_equal(theirs, ours)
                assert annotation["area"] == ours.sum()
            elif ours.sum() > 200:
                assert (theirs & ours).sum() / (theirs | ours).sum() > 0.85, "its rule for edges is another one"


def test_pycocotools__finds_keypoints_by_their_numbers(tmp_path: Path) -> None:
    images = images_of(DRAWN["keypoints"])
    write("coco", tmp_path, DRAWN["keypoints"].settings, images)

    found = by_image(tmp_path, "keypoints")

    for number, objects in enumerate(images, start=1):
        coco, annotations = found[number]
        for annotation, one in zip(annotations, objects, strict=True):
            names = coco.cats[annotation["category_id"]]["keypoints"]
            triples = np.reshape(annotation["keypoints"], (-1, 3)).tolist()
            placed = {name: (x, y, flag == 2) for name, (x, y, flag) in zip(names, triples, strict=True) if flag}
            assert placed == {point.name: (point.x_px, point.y_px, point.is_visible) for point in one.points}
            assert annotation["num_keypoints"] == len(one.points)


def test_yaml__names_the_classes_and_folders_of_yolo(tmp_path: Path) -> None:
    images = images_of(DRAWN["box"])
    version = write("yolo", tmp_path, DRAWN["box"].settings, images)

    about = yaml.safe_load((tmp_path / "data.yaml").read_text(encoding="utf-8"))

    assert about["names"] == dict(enumerate(version.vocabulary))
    for at, objects in enumerate(images):
        split = SPLITS[at % 3]
        lines = (tmp_path / about[split].replace("images", "labels") / f"image{at}.txt").read_text().splitlines()
        for line, one in zip(lines, objects, strict=True):
            number, *shares = map(float, line.split())
            x, y, wide, high = np.array(shares) * (WIDE, HIGH, WIDE, HIGH)
            assert about["names"][int(number)] == one.class_name
            found = x - wide / 2, y - high / 2, wide, high
            assert np.allclose(found, (one.x_min_px, one.y_min_px, one.width_px, one.height_px), rtol=0, atol=PX)


def test_xml__says_every_box_of_voc_counted_from_1(tmp_path: Path) -> None:
    images = images_of(DRAWN["box"], 3)[:3]
    write("voc", tmp_path, DRAWN["box"].settings, images)

    for at, objects in enumerate(images):
        root = ET.parse(tmp_path / "Annotations" / f"image{at}.xml").getroot()
        with Image.open(tmp_path / "JPEGImages" / str(root.findtext("filename"))) as image:
            assert image.size == tuple(int(str(root.findtext(f"size/{side}"))) for side in ("width", "height"))
        for entry, one in zip(root.findall("object"), objects, strict=True):
            left, top, right, bottom = (float(str(entry.findtext(f"bndbox/{side}"))) for side in ("xmin", "ymin", "xmax", "ymax"))
            assert entry.findtext("name") == one.class_name
            found = left - 1, top - 1, right - (left - 1), bottom - (top - 1)
            assert np.allclose(found, (one.x_min_px, one.y_min_px, one.width_px, one.height_px), rtol=0, atol=PX)


def test_png__has_the_numbers_of_classes_and_the_palette_of_voc(tmp_path: Path) -> None:
    images = images_of(DRAWN["mask, regions"], 3)[:3]
    version = write("voc", tmp_path, DRAWN["mask, regions"].settings, images)

    names = (tmp_path / "classes.txt").read_text(encoding="utf-8").splitlines()
    assert names == ["background", *version.vocabulary]
    for at, objects in enumerate(images):
        with Image.open(tmp_path / "SegmentationClass" / f"image{at}.png") as image:
            values, palette = np.array(image), image.getpalette()
        assert palette is not None
        assert palette[:12] == [0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0]
        for one in objects:
            assert np.array_equal(values == names.index(one.class_name), decode(one.rle, one.size_px))
