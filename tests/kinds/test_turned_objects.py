"""Tests of objects in a turned image: for each kind with places, labels go where the pixels go."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline_tasks.geometry.run_lengths import decode, encode
from pipeline_tasks.geometry.turn import Turn
from pipeline_tasks.kinds.boxes.modelling import BoxModelling, PlacedBoxes
from pipeline_tasks.kinds.keypoints.modelling import KeypointModelling
from pipeline_tasks.kinds.keypoints.placed_things import NOT_ASKED, NOT_PLACED, PlacedThings
from pipeline_tasks.kinds.masks.covers import ImageMasks
from pipeline_tasks.kinds.masks.instance_modelling import InstanceModelling
from pipeline_tasks.kinds.masks.modelling import MaskModelling
from pipeline_tasks.kinds.masks.placed_instances import ImageInstances

CLASSES = ("bolt", "nut")
SIZE = (20, 10)
QUARTER = Turn(*SIZE, 90)
"""Clockwise: what was at the top is at the right."""


def a_mask(left: int, top: int, right: int, bottom: int) -> NDArray[np.bool_]:
    mask = np.zeros(SIZE[::-1], bool)
    mask[top:bottom, left:right] = True
    return mask


def test_turned__boxes() -> None:
    boxes = PlacedBoxes(np.array([[2.0, 1, 8, 4]]), np.array([1]))

    found = BoxModelling(CLASSES).turned(boxes, QUARTER)

    assert found.corners.tolist() == [[6, 2, 9, 8]]
    assert found.class_numbers.tolist() == [1]


def test_turned__keypoints_and_their_boxes_but_not_places_that_nobody_knows() -> None:
    points = [[[2.0, 1, 1], [8, 4, 2], [0, 0, NOT_PLACED], [0, 0, NOT_ASKED]]]
    things = PlacedThings(np.array([[2.0, 1, 8, 4]]), np.array([0]), np.array(points))

    found = KeypointModelling({"bolt": ("a", "b", "c"), "nut": ("d",)}, {}).turned(things, QUARTER)

    assert found.corners.tolist() == [[6, 2, 9, 8]]
    assert found.points.tolist() == [[[9, 2, 1], [6, 8, 2], [0, 0, NOT_PLACED], [0, 0, NOT_ASKED]]]


def test_turned__regions_of_classes() -> None:
    masks = ImageMasks(SIZE, {1: encode(a_mask(2, 1, 8, 4))})

    found = MaskModelling(CLASSES).turned(masks, QUARTER)

    assert found.size_px == (10, 20)
    assert np.argwhere(decode(found.by_class[1], (10, 20))).min(axis=0).tolist() == [2, 6]
    assert decode(found.by_class[1], (10, 20)).sum() == 18


@pytest.mark.parametrize("degrees", [90.0, 30.0])
def test_turned__masks_of_objects_keep_their_order_and_have_tight_boxes(degrees: float) -> None:
    first, second = a_mask(2, 1, 8, 4), a_mask(12, 5, 19, 9)
    objects = ImageInstances(SIZE, np.array([1, 0]), (encode(first), encode(second)))
    turn = Turn(*SIZE, degrees)

    found: Any = InstanceModelling(CLASSES).turned(objects, turn)

    assert found.class_numbers.tolist() == [1, 0]
    for rle, mask, corners in zip(found.rles, (first, second), found.corners.tolist(), strict=True):
        turned = turn.mask(mask)
        assert np.array_equal(decode(rle, turn.size_px), turned)
        low, high = np.argwhere(turned).min(axis=0)[::-1], np.argwhere(turned).max(axis=0)[::-1] + 1
        assert corners == [*low, *high]


def test_turned__an_object_that_loses_all_its_pixels_is_left_out() -> None:
    """One pixel between the places that a turn by 45 degrees takes its pixels from."""
    turn = Turn(*SIZE, 45)
    kept = [at for at in range(200) if turn.mask(np.arange(200).reshape(10, 20) == at).any()]
    lost = next(at for at in range(200) if at not in kept)
    masks = tuple(encode(np.arange(200).reshape(10, 20) == at) for at in (lost, kept[0]))

    found = InstanceModelling(CLASSES).turned(ImageInstances(SIZE, np.array([0, 1]), masks), turn)

    assert found.class_numbers.tolist() == [1]
