"""Tests of outlines: filled, they give the pixels of the mask."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline_tasks.geometry.outlines import outline
from pipeline_tasks.geometry.polygons import area, crosses_itself, rasterise
from pipeline_tasks.geometry.run_lengths import encode


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_outline__gives_the_same_pixels_for_any_mask_with_holes_and_parts(share: float) -> None:
    drawn = np.random.default_rng(int(10 * share))
    for _ in range(50):
        mask = drawn.random(drawn.integers(1, 12, 2)) < share
        size_px = mask.shape[1], mask.shape[0]
        assert rasterise(outline(encode(mask), size_px), size_px) == encode(mask)


def test_outline__of_a_rectangle_is_its_four_corners() -> None:
    mask = np.zeros((8, 10), bool)
    mask[2:5, 3:9] = True

    assert outline(encode(mask), (10, 8)) == (3, 2, 9, 2, 9, 5, 3, 5)


def test_outline__of_one_part_without_a_hole_does_not_cross_itself() -> None:
    mask = np.ones((6, 6), bool)
    mask[:3, :3] = False

    points = outline(encode(mask), (6, 6))

    assert not crosses_itself(points)
    assert area(points) == 27


@pytest.mark.parametrize("shape", [(1, 1), (5, 7)])
def test_outline__of_an_empty_mask_is_empty(shape: tuple[int, int]) -> None:
    assert outline(encode(np.zeros(shape, bool)), shape[::-1]) == ()
