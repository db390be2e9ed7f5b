"""Tests of trays with several parts, and of people who draw boxes and masks of them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from demo.answers import ANSWERS
from demo.hands import SLOPPY, Hand, Sloppiness, draw_boxes, draw_masks
from demo.inbox import EXAMPLE, open_inbox
from demo.people import PEOPLE
from demo.trays import CLASSES, PROJECTS, draw_tray, draw_trays, write_project_file
from demo.truth import ImageTruth, ObjectTruth, read_truth, truth_path
from pipeline_tasks.geometry.run_lengths import box_of, encode, iou
from pipeline_tasks.kinds.refused import Refused
from pipeline_tasks.kinds.registry import kind_of_version
from pipeline_tasks.settings.loading import parse_project

EXACT = Sloppiness(0.0, 0.0, 0.0, 0.0, 0.0)
BOXES = (ObjectTruth("bolt", 5, 6, 70, 50), ObjectTruth("nut", 200, 130, 60, 60))


def test_draw_tray__draws_each_part_inside_its_compartment_and_the_same_again() -> None:
    pixels, parts = draw_tray(1, 3, 5)
    again, same = draw_tray(1, 3, 5)

    assert (pixels.shape, pixels.dtype) == ((240, 320, 3), np.uint8)
    assert np.array_equal(pixels, again)
    assert parts == same
    for one in parts:
        assert one.left // 160 == (one.left + one.width - 1) // 160
        assert one.top // 120 == (one.top + one.height - 1) // 120
        assert min(one.width, one.height) > 8
        assert box_of(one.rle, (320, 240)) == (one.left, one.top, one.width, one.height)
    assert draw_tray(1, 9, 5)[1] == (), "every tenth tray is empty"


def test_draw_trays__writes_images_with_their_truth(tmp_path: Path) -> None:
    inbox, told = tmp_path / "inbox" / PROJECTS["mask"], []
    draw_trays(1, 3, 5, inbox, truth_path(tmp_path, PROJECTS["mask"]), lambda done, total: told.append((done, total)))
    draw_trays(2, 3, 5, inbox, truth_path(tmp_path, PROJECTS["mask"]), lambda done, total: None)

    truth, files = read_truth(truth_path(tmp_path, PROJECTS["mask"])), sorted(inbox.iterdir())
    assert [one.name for one in files] == [f"{number:06d}.jpg" for number in range(1, 7)]
    for path in files:
        shown = truth.images[hashlib.sha256(path.read_bytes()).hexdigest()]
        assert shown.size_px == Image.open(path).size == (320, 240)
    assert told == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("kind", ["box", "mask"])
def test_project_of_trays__is_valid_and_leaves_the_least_confidence_to_its_kind(kind: str, tmp_path: Path) -> None:
    write_project_file(EXAMPLE, tmp_path, 7, kind)

    project = parse_project(yaml.safe_load((tmp_path / "projects" / f"{PROJECTS[kind]}.yaml").read_text()), "trays.yaml")
    assert (project.label_kind, project.classes) == (kind, CLASSES)
    assert project.serving.min_confidence == 0


def test_draw_boxes__without_errors_are_the_truth_and_with_them_always_the_same() -> None:
    exact = draw_boxes(Hand(PEOPLE[0], "i", CLASSES, (320, 240), EXACT), BOXES)
    sloppy = [draw_boxes(Hand(PEOPLE[0], str(number), CLASSES, (320, 240)), BOXES) for number in range(200)]

    assert [(one.class_name, one.left, one.top, one.width, one.height) for one in exact] == [
        ("bolt", 5, 6, 70, 50),
        ("nut", 200, 130, 60, 60),
    ]
    assert sloppy[7] == draw_boxes(Hand(PEOPLE[0], "7", CLASSES, (320, 240)), BOXES)
    assert {len(one) for one in sloppy} >= {1, 2, 3}, "some are missed, some doubled or invented"
    assert all(one.left >= 0 and one.left + one.width <= 320 and one.top + one.height <= 240 for drawn in sloppy for one in drawn)


def a_ring() -> ObjectTruth:
    """A washer of 60 x 60 pixels with a hole of 20 x 20."""
    inside = np.zeros((240, 320), bool)
    inside[100:160, 40:100] = True
    inside[120:140, 60:80] = False
    return ObjectTruth("nut", 40, 100, 60, 60, encode(inside))


def a_plate() -> ObjectTruth:
    """A plate of 80 x 40 pixels in the corner of the image."""
    inside = np.zeros((240, 320), bool)
    inside[200:240, 240:320] = True
    return ObjectTruth("bolt", 240, 200, 80, 40, encode(inside))


def test_draw_masks__without_errors_are_the_truth_bit_for_bit() -> None:
    drawn = draw_masks(Hand(PEOPLE[0], "i", CLASSES, (320, 240), EXACT), (a_ring(), a_plate()))

    assert [(one.class_name, one.rle) for one in drawn] == [("nut", a_ring().rle), ("bolt", a_plate().rle)]


def test_draw_masks__are_polygons_of_whole_things_and_paint_those_with_holes_a_little_off() -> None:
    shaken = Sloppiness(jitter=0.03, missed=0, extra=0, swapped=0, doubled=0)
    drawn = [draw_masks(Hand(PEOPLE[1], str(number), CLASSES, (320, 240), shaken), (a_ring(), a_plate())) for number in range(30)]

    assert all(not ring.points for ring, _ in drawn)
    assert sum(bool(plate.points) for _, plate in drawn) > 20
    likeness = np.array(
        [[iou([one.rle], [true.rle])[0, 0] for one, true in zip(pair, (a_ring(), a_plate()), strict=True)] for pair in drawn]
    )
    assert (likeness < 1).all()
    assert likeness.min() > 0.7
    assert np.median(likeness) > 0.85


def test_draw_masks__are_sloppy_at_the_stated_rates() -> None:
    times = 600
    drawn = [draw_masks(Hand(PEOPLE[2], str(number), CLASSES, (320, 240)), (a_plate(),)) for number in range(times)]

    assert 0.5 * SLOPPY.missed < sum(not one for one in drawn) / times < 2 * SLOPPY.missed
    swapped = sum(bool(one) and one[0].class_name != "bolt" for one in drawn) / times
    assert 0.5 * SLOPPY.swapped < swapped < 2.5 * SLOPPY.swapped
    assert any(len(one) > 1 and iou([one[0].rle], [one[1].rle])[0, 0] > 0.7 for one in drawn), "some are doubled"
    assert drawn[3] == draw_masks(Hand(PEOPLE[2], "3", CLASSES, (320, 240)), (a_plate(),))


@pytest.mark.parametrize("kind", ["box", "mask"])
def test_answers__are_read_as_valid_objects_of_their_kind(kind: str) -> None:
    shown = ImageTruth("", objects=(a_ring(), a_plate()), size_px=(320, 240))
    labeling = kind_of_version(kind, CLASSES).labeling
    results = [ANSWERS[kind](PEOPLE[0], str(number), shown, CLASSES) for number in range(40)]

    objects = [one for result in results for one in labeling.read(result)]
    assert len(objects) > 60
    assert not [one for one in objects if isinstance(one, Refused)]


def test_an_image__is_the_one_with_most_parts(tmp_path: Path) -> None:
    inbox = open_inbox(tmp_path, None, 8, "box")
    inbox.fill(1, lambda done, total: None)

    parts = {sha256: len(one.objects) for sha256, one in read_truth(inbox.truth_file).images.items()}
    assert parts[hashlib.sha256(inbox.an_image().read_bytes()).hexdigest()] == max(parts.values())
