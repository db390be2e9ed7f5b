"""Tests of targets of views that show several images: boxes, masks and keypoints where they are still seen."""

from __future__ import annotations

from typing import Any

import numpy as np
from kinds.keypoints.test_poses import HAND, KEY
from kinds.keypoints.test_poses import MODELLING as KEYPOINTS
from kinds.keypoints.test_poses import rows_of as skeleton_rows
from kinds.masks.given_masks import disk
from kinds.masks.test_instances import MODELLING as INSTANCES
from kinds.masks.test_instances import rows_of as mask_rows
from kinds.masks.test_segmenter import MODELLING as MASKS

from pipeline_tasks.geometry.placement import Placement, whole_image
from pipeline_tasks.geometry.run_lengths import encode
from pipeline_tasks.kinds.boxes.modelling import BoxModelling, PlacedBoxes
from pipeline_tasks.kinds.keypoints.modelling import KeypointModelling
from pipeline_tasks.kinds.map_heads.assignment import NOTHING
from pipeline_tasks.kinds.map_heads.parts import seen_parts
from pipeline_tasks.kinds.map_modelling import Composing, MapShape, Part
from pipeline_tasks.kinds.masks.covers import ImageMasks
from pipeline_tasks.kinds.masks.placed_instances import NUMBERS

SHAPES = tuple(MapShape(4, 64 // stride, 64 // stride, stride) for stride in (8, 16, 32))
BOXES = BoxModelling(("bolt", "nut"))
ALL = (0, 0, 64, 64)
WHOLE = whole_image(64, 64, 64)
RIGHT = (32, 0, 64, 64)


def boxes_of(target: np.ndarray[Any, Any]) -> list[list[float]]:
    """The different boxes of a target: class number and corners."""
    found: list[list[float]] = np.unique(target[target[:, 0] != NOTHING], axis=0).tolist()
    return found


def some_boxes(*rows: tuple[int, int, int, int, int]) -> PlacedBoxes:
    numbers = np.array(rows).reshape(-1, 5)
    return PlacedBoxes(numbers[:, 1:].astype(float), numbers[:, 0])


def test_moved__puts_a_square_into_a_larger_one_where_it_says() -> None:
    points = np.array([[3.0, 5.0], [20.0, 7.0]])
    for is_mirrored in (False, True):
        small = Placement(16, 0.5, 2.0, -1.0, is_mirrored)

        assert np.allclose(small.moved(64, 24, 8).points(points), small.points(points) + np.array([24, 8]))


def test_seen_parts__of_one_part_are_as_if_it_were_alone() -> None:
    corners = np.array([[4.0, 4, 20, 30], [50, 50, 90, 90]])
    (part,) = seen_parts([Part(None, WHOLE, ALL)])

    cut, is_seen = part.seen(corners)

    assert cut.tolist() == [[4, 4, 20, 30], [50, 50, 64, 64]]
    assert is_seen.tolist() == [True, False]


def test_composed_boxes__of_a_pasted_rectangle_are_cut_hidden_or_left() -> None:
    own = some_boxes((0, 4, 4, 20, 20), (0, 20, 30, 44, 50), (0, 40, 4, 60, 20), (1, 26, 52, 40, 62))
    other = some_boxes((1, 40, 20, 60, 40), (1, 10, 10, 36, 30))

    target = BOXES.composed([Part(own, WHOLE, ALL), Part(other, WHOLE, RIGHT)], SHAPES)

    assert boxes_of(target) == [
        [0, 4, 4, 20, 20],  # Beside the rectangle.
        [0, 20, 30, 32, 50],  # Cut: half of it is seen.
        [1, 26, 52, 32, 62],  # Cut: 6 of 14 columns are seen.
        [1, 40, 20, 60, 40],  # Of the other image; its box at the left shows 4 of 26 columns, and is not asked for.
    ]


def test_composed_boxes__keep_a_box_of_which_a_corner_is_hidden() -> None:
    corner = (32, 32, 64, 64)

    target = BOXES.composed([Part(some_boxes((0, 10, 10, 40, 40)), WHOLE, ALL), Part(some_boxes(), WHOLE, corner)], SHAPES)

    assert boxes_of(target) == [[0, 10, 10, 40, 40]]


def test_composed_boxes__of_a_mosaic_are_in_their_quarters() -> None:
    quarters = [(0, 0, 32, 32), (32, 0, 64, 32), (0, 32, 32, 64), (32, 32, 64, 64)]
    small = whole_image(64, 64, 32)
    parts = [Part(some_boxes((at % 2, 8, 16, 40, 48)), small.moved(64, *window[:2]), window) for at, window in enumerate(quarters)]

    assert boxes_of(BOXES.composed(parts, SHAPES)) == [
        [0, 4, 8, 20, 24],
        [0, 4, 40, 20, 56],
        [1, 36, 8, 52, 24],
        [1, 36, 40, 52, 56],
    ]


def test_composed_masks__show_in_each_cell_the_image_that_is_seen_there() -> None:
    everywhere = encode(np.ones((64, 64), bool))
    bolts, nuts = (ImageMasks((64, 64), {number: everywhere}) for number in (0, 1))

    target = MASKS.composed([Part(bolts, WHOLE, ALL), Part(nuts, WHOLE, (32, 16, 64, 64))], SHAPES)

    wanted = np.zeros((16, 16), bool)
    wanted[4:, 8:] = True
    assert (target[0] == 255).all()
    assert ((target[2] == 255) == wanted).all()
    assert ((target[1] == 255) == ~wanted).all()


def test_composed_instances__number_the_objects_of_all_parts_through() -> None:
    own, other = INSTANCES.objects(
        mask_rows((disk("bolt", 16, 32, 12, (64, 64)), disk("bolt", 50, 32, 8, (64, 64))), (disk("nut", 48, 32, 12, (64, 64)),))
    )

    target = INSTANCES.composed([Part(own, WHOLE, ALL), Part(other, WHOLE, RIGHT)], SHAPES)

    places, cells = target[: -16 * 16].reshape(-1, NUMBERS), target[-16 * 16 :].reshape(16, 16)
    found = np.unique(places[places[:, 0] != NOTHING][:, [0, 5]], axis=0).tolist()
    assert found == [[0, 0], [1, 1]], "the second bolt is hidden by the rectangle"
    assert set(np.unique(cells[:, :8])) == {NOTHING, 0}
    assert set(np.unique(cells[:, 8:])) == {NOTHING, 1}
    assert (cells[8, 4], cells[8, 12]) == (0, 1)


def test_composed_keypoints__do_not_place_points_that_are_hidden() -> None:
    own, other = KEYPOINTS.objects(skeleton_rows((HAND,), (KEY,)))
    below = (0, 32, 64, 64)

    target = KEYPOINTS.composed([Part(own, WHOLE, ALL), Part(other, WHOLE, below)], SHAPES)
    (hand,) = np.unique(target[target[:, 0] != NOTHING], axis=0)

    assert hand[1:5].tolist() == [6, 18, 22, 32], "the box is cut; the key of the other image is above the rectangle"
    assert hand[5:].reshape(4, 3).tolist() == [[8, 20, 2], [0, 0, 0], [0, 0, 0], [0, 0, -1]]


def test_composing__is_what_every_kind_with_places_does() -> None:
    assert all(isinstance(one, Composing) for one in (BOXES, MASKS, INSTANCES, KEYPOINTS, KeypointModelling({}, {})))
