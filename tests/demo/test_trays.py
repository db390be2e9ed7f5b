"""Tests of trays with several parts, and of people who draw boxes around them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from demo.errors import DemoError
from demo.inbox import EXAMPLE, open_inbox
from demo.people import PEOPLE, Sloppiness, draw_boxes
from demo.trays import CLASSES, PROJECT, draw_tray, draw_trays, write_project_file
from demo.truth import BoxTruth, read_truth, truth_path
from pipeline_tasks.settings.loading import parse_project

EXACT = Sloppiness(0.0, 0.0, 0.0, 0.0, 0.0)
BOXES = (BoxTruth("bolt", 5, 6, 70, 50), BoxTruth("nut", 200, 130, 60, 60))


def test_draw_tray__draws_each_part_inside_its_compartment_and_the_same_again() -> None:
    pixels, boxes = draw_tray(1, 3, 5)
    again, same = draw_tray(1, 3, 5)

    assert (pixels.shape, pixels.dtype) == ((240, 320, 3), np.uint8)
    assert np.array_equal(pixels, again)
    assert boxes == same
    for one in boxes:
        assert one.left // 160 == (one.left + one.width - 1) // 160
        assert one.top // 120 == (one.top + one.height - 1) // 120
        assert min(one.width, one.height) > 8
    assert draw_tray(1, 9, 5)[1] == (), "every tenth tray is empty"


def test_draw_trays__writes_images_with_their_truth(tmp_path: Path) -> None:
    inbox, told = tmp_path / "inbox" / PROJECT, []
    draw_trays(1, 3, 5, inbox, truth_path(tmp_path, PROJECT), lambda done, total: told.append((done, total)))
    draw_trays(2, 3, 5, inbox, truth_path(tmp_path, PROJECT), lambda done, total: None)

    truth, files = read_truth(truth_path(tmp_path, PROJECT)), sorted(inbox.iterdir())
    assert [one.name for one in files] == [f"{number:06d}.jpg" for number in range(1, 7)]
    for path in files:
        shown = truth.images[hashlib.sha256(path.read_bytes()).hexdigest()]
        assert shown.size_px == Image.open(path).size == (320, 240)
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_project_of_trays__is_valid_and_asks_for_boxes(tmp_path: Path) -> None:
    write_project_file(EXAMPLE, tmp_path, 7)

    project = parse_project(yaml.safe_load((tmp_path / "projects" / f"{PROJECT}.yaml").read_text()), "trays.yaml")
    assert (project.label_kind, project.classes, project.labeling.question) == ("box", CLASSES, "Where are the parts?")


def test_draw_boxes__without_errors_are_the_truth_and_with_them_always_the_same() -> None:
    exact = draw_boxes(PEOPLE[0], "i", BOXES, CLASSES, (320, 240), EXACT)
    sloppy = [draw_boxes(PEOPLE[0], str(number), BOXES, CLASSES, (320, 240)) for number in range(200)]

    assert [(one.class_name, one.left, one.top, one.width, one.height) for one in exact] == [
        ("bolt", 5, 6, 70, 50),
        ("nut", 200, 130, 60, 60),
    ]
    assert sloppy[7] == draw_boxes(PEOPLE[0], "7", BOXES, CLASSES, (320, 240))
    assert {len(one) for one in sloppy} >= {1, 2, 3}, "some are missed, some doubled or invented"
    assert all(one.left >= 0 and one.left + one.width <= 320 and one.top + one.height <= 240 for drawn in sloppy for one in drawn)


def test_open_inbox__refuses_boxes_of_a_folder_of_class_folders(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match="KIND=box: wanted no IMAGES"):
        open_inbox(tmp_path, tmp_path, 600, "box")
