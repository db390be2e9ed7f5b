"""Tests of boxes in Label Studio's form and results."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from kinds.boxes.given_boxes import NAMES, SIZE, spread_boxes

from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.boxes.labeling import BoxLabeling
from pipeline_tasks.kinds.form_labels import KEYS
from pipeline_tasks.kinds.refused import Refused, problems, says_of

LABELING = BoxLabeling(NAMES)


def region(names: Any = ("bolt",), **value: Any) -> dict[str, Any]:
    """One box of Label Studio in an image of 200 x 100 pixels."""
    value = {"x": 10.0, "y": 20.0, "width": 30.0, "height": 40.0, "rotation": 0, "rectanglelabels": list(names)} | value
    return {"type": "rectanglelabels", "original_width": 200, "original_height": 100, "image_rotation": 0, "value": value}


@st.composite
def boxes_in(draw: st.DrawFn) -> tuple[list[Box], tuple[int, int]]:
    """Boxes inside an image of any size, also at its border, in steps of a thousandth of a pixel."""
    size = draw(st.integers(1, 8000)), draw(st.integers(1, 8000))
    found = []
    for _ in range(draw(st.integers(0, 8))):
        spans = []
        for side in size:
            low = draw(st.integers(0, 1000 * side - 1))
            spans.append((low, draw(st.integers(low + 1, 1000 * side))))
        (left, right), (top, bottom) = spans
        found.append(Box(draw(st.text(min_size=1)), left / 1000, top / 1000, (right - left) / 1000, (bottom - top) / 1000))
    return found, size


@given(boxes_in())
@settings(max_examples=200, deadline=None)
def test_read__returns_the_boxes_that_were_written(case: tuple[list[Box], tuple[int, int]]) -> None:
    boxes, size = case

    found = LABELING.read(LABELING.write(boxes, size))

    assert list(found) == boxes


@pytest.mark.parametrize("count", [0, 1, 1000])
def test_read__returns_any_number_of_boxes_and_columns_keep_them(count: int) -> None:
    boxes = spread_boxes(count)

    found = LABELING.read(LABELING.write(boxes, SIZE))

    assert list(found) == boxes
    assert [LABELING.from_columns(LABELING.as_columns(one)) for one in found] == boxes


@given(st.floats(1, 359.9), st.floats(1, 300), st.floats(1, 300))
@example(1.0, 1.0, 244.0)
@settings(max_examples=100, deadline=None)
def test_rotated_box__keeps_its_corners_and_is_their_hull(degrees: float, wide: float, high: float) -> None:
    value = {"x": 50.0, "y": 50.0, "width": wide / 10, "height": high / 10, "rotation": degrees, "rectanglelabels": ["bolt"]}
    (box,) = LABELING.read([region() | {"original_width": 1000, "original_height": 1000, "value": value}])

    turn = math.radians(degrees)
    second = 500 + wide * math.cos(turn), 500 + wide * math.sin(turn)
    (again,) = LABELING.read(LABELING.write([box], (1000, 1000)))

    assert box.corners_px[:4] == pytest.approx((500, 500, *second), abs=1e-5)
    left, top = max(0, min(box.corners_px[::2])), max(0, min(box.corners_px[1::2]))
    assert (box.x_min_px, box.y_min_px) == pytest.approx((left, top), abs=1e-5)
    assert again.corners_px == pytest.approx(box.corners_px, abs=1e-4)
    assert LABELING.from_columns(LABELING.as_columns(box)) == box


def test_read__takes_a_quarter_turn_clockwise() -> None:
    (box,) = LABELING.read([region(x=50.0, y=20.0, width=10.0, height=30.0, rotation=90)])

    assert box == Box("bolt", 70.0, 20.0, 30.0, 20.0, corners_px=(100.0, 20.0, 100.0, 40.0, 70.0, 40.0, 70.0, 20.0))


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (region(x=-5.0), "box 1 (bolt) reaches out of the image: from -10, 20 to 50, 60, in an image of 200 x 100 pixels"),
        (region(x=80.0), "box 1 (bolt) reaches out of the image: from 160, 20 to 220, 60, in an image of 200 x 100 pixels"),
        (region(x=150.0, rotation=45), "box 1 (bolt) lies outside the image"),
        (region(width=0.0), "box 1 (bolt) has no size: 0 x 40 pixels"),
        (region(height=float("nan")), "box 1 (bolt) has a position that is not a number"),
        (region(names=[]), "box 1 (no class) has no class"),
        (region(names=["bolt", "nut"]), "box 1 (bolt+nut) has 2 classes; one is wanted"),
        (region() | {"type": "polygonlabels"}, "object 1 is of another form (polygonlabels)"),
        (region() | {"original_width": None}, "box 1 (bolt) does not say the size of the image"),
        (region() | {"image_rotation": 90}, "box 1 (bolt) was drawn on the image turned by 90 degrees"),
        ({"type": "choices", "value": {"choices": ["bolt"]}}, "an answer to another form (choices)"),
    ],
)
def test_read__refuses_what_is_no_box_in_the_image(found: dict[str, Any], says: str) -> None:
    (one,) = LABELING.read([found])

    assert isinstance(one, Refused)
    assert says in one.problem
    assert says_of([one], LABELING) == f"not usable: {one.problem}"


def test_read__keeps_the_good_boxes_beside_a_refused_one_and_skips_added_questions() -> None:
    found = LABELING.read([{"type": "choices", "value": {"choices": ["dark"]}}, region(), region(width=-1.0)])

    assert found[0] == Box("bolt", 20.0, 20.0, 60.0, 40.0)
    assert problems(found) == ("box 2 (bolt) has no size: -2 x 40 pixels",)
    assert says_of(found, LABELING) == "1 bolt; not usable: box 2 (bolt) has no size: -2 x 40 pixels"


def test_read__puts_an_edge_that_rounding_moved_over_the_border_back_onto_it() -> None:
    (one,) = LABELING.read([region(x=70.0, width=30.000000001, y=-1e-9, height=100.000000002)])

    assert one == Box("bolt", 140.0, 0.0, 60.0, 100.0)


def test_form__has_a_key_for_each_of_the_first_classes_and_takes_any_name() -> None:
    names = [*NAMES, *(f"class {number}" for number in range(30))]
    form = ET.fromstring(BoxLabeling(tuple(names)).control_xml)

    assert [one.get("value") for one in form] == names
    assert [one.get("hotkey") for one in form] == [*KEYS, *[None] * (len(names) - len(KEYS))]


def test_annotation__with_an_unknown_class_does_not_vote_and_the_class_is_named() -> None:
    labeling = BoxLabeling(("bolt",), frozenset({"nut"}))
    boxes = [replace(one, class_name=name) for one, name in zip(spread_boxes(3), ("bolt", "nut", "scrap"), strict=True)]

    assert (labeling.can_vote(boxes[:1]), labeling.can_vote(boxes[:2]), labeling.can_vote(boxes)) == (True, False, False)
    assert labeling.unknown(boxes) == ("scrap",)
    assert labeling.says(boxes) == "1 bolt, 1 nut, 1 scrap"
    assert labeling.says(()) == "nothing there"
