"""Tests of pixels that lie far from where another says that their class is."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline_tasks.geometry.run_lengths import encode
from pipeline_tasks.kinds.masks.strays import strays

SIZE_PX = 80, 80
"""A pixel counts wholly from a distance of 2 on, as 80 / 40."""


def block(left: int, right: int) -> str:
    pixels = np.zeros(SIZE_PX[::-1], bool)
    pixels[:, left:right] = True
    return encode(pixels)


@pytest.mark.parametrize(
    ("region", "other", "columns"),
    [
        ((0, 20), (0, 20), 0.0),
        ((0, 21), (0, 20), 0.25),
        ((0, 22), (0, 20), 1.25),
        ((0, 30), (0, 20), 9.25),
        ((0, 10), (0, 20), 0.0),
        ((0, 10), (20, 30), 10.0),
    ],
)
def test_strays__count_a_pixel_by_its_distance(region: tuple[int, int], other: tuple[int, int], columns: float) -> None:
    found = strays({"bolt": block(*region)}, {"bolt": block(*other)}, SIZE_PX)

    assert found["bolt"] == pytest.approx(columns / 80)


def test_strays__count_all_pixels_of_a_class_that_the_other_does_not_have() -> None:
    assert strays({"bolt": block(0, 10)}, {"nut": block(0, 10)}, SIZE_PX) == {"bolt": 0.125}


def test_strays__of_a_large_image_are_those_of_its_thinned_grid() -> None:
    pixels = np.zeros((1000, 2000), bool)
    pixels[:, :500] = True

    assert strays({"bolt": encode(pixels)}, {}, (2000, 1000))["bolt"] == pytest.approx(0.25, abs=0.01)
