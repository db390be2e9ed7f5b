"""Tests of areas, overlaps and cuts of boxes, against counted cells of a grid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_tasks.geometry.boxes import areas, as_rows, clipped, from_corners, hull, intersections, ious, to_corners

GRID = 12
SIDES = st.tuples(*[st.integers(0, GRID - 1)] * 2, *[st.integers(0, GRID)] * 2)
BOXES = st.lists(SIDES, max_size=6).map(as_rows)


def cells(box: np.ndarray) -> np.ndarray:
    """The cells of a grid that a box of whole numbers covers; twice the grid's side holds each of them."""
    x, y, width, height = box.astype(int)
    covered = np.zeros((2 * GRID, 2 * GRID), bool)
    covered[y : y + height, x : x + width] = True
    return covered


@settings(max_examples=40, deadline=None)
@given(one=BOXES, other=BOXES)
def test_ious__count_the_common_cells_over_all_covered_cells(one: np.ndarray, other: np.ndarray) -> None:
    found, common = ious(one, other), intersections(one, other)

    assert found.shape == common.shape == (len(one), len(other))
    for row, mine in enumerate(one):
        for column, theirs in enumerate(other):
            both, either = (cells(mine) & cells(theirs)).sum(), (cells(mine) | cells(theirs)).sum()
            assert common[row, column] == both
            assert found[row, column] == pytest.approx(both / either if both else 0.0)


@settings(max_examples=40, deadline=None)
@given(boxes=BOXES)
def test_clipped__keeps_the_cells_inside_of_the_image(boxes: np.ndarray) -> None:
    cut = clipped(boxes, 10, 7)

    assert areas(cut).tolist() == [cells(one)[:7, :10].sum() for one in boxes]
    assert (cut[:, 2:] >= 0).all()


@settings(max_examples=40, deadline=None)
@given(boxes=BOXES)
def test_corners__lead_back_to_the_same_boxes(boxes: np.ndarray) -> None:
    assert from_corners(to_corners(boxes)).tolist() == boxes.tolist()


def test_boxes_that_only_touch__do_not_overlap() -> None:
    assert ious(as_rows([0, 0, 4, 4]), as_rows([[4, 0, 4, 4], [0, 4, 4, 4], [3, 3, 4, 4]]))[0, :2].tolist() == [0, 0]


def test_hull__is_the_smallest_box_around_points() -> None:
    assert hull([3, 1, 7, 4, 2, 9]).tolist() == [2, 1, 5, 8]
