"""Tests of rectangles by their corners."""

from __future__ import annotations

import pytest

from pipeline_tasks.geometry.rectangles import clockwise, is_rotated_rectangle

DIAMOND = (5.0, 0.0, 10.0, 5.0, 5.0, 10.0, 0.0, 5.0)


@pytest.mark.parametrize(
    ("corners", "is_one"),
    [
        (DIAMOND, True),
        ((1, 1, 9, 3, 8.5, 5, 0.5, 3), True),
        ((0, 0, 8, 0, 8, 4, 0, 4), False),
        ((0, 0, 8, 0.0001, 8, 4, 0, 4), False),
        ((0, 4, 0, 0, 8, 0, 8, 4), False),
        ((5, 0, 10, 5, 5, 10, 1, 5), False),
        ((0, 0, 5, 2, 9, 8, 4, 6), False),
        ((3, 3, 3, 3, 3, 3, 3, 3), False),
    ],
)
def test_is_rotated_rectangle__needs_four_square_corners_that_are_turned(corners: tuple[float, ...], is_one: bool) -> None:
    assert is_rotated_rectangle(corners) is is_one


def test_clockwise__turns_a_mirrored_rectangle_around_and_keeps_its_first_side() -> None:
    mirrored = tuple(value if at % 2 else 20 - value for at, value in enumerate(DIAMOND))

    assert clockwise(DIAMOND) == DIAMOND
    assert clockwise(mirrored) == (10.0, 5.0, 15.0, 0.0, 20.0, 5.0, 15.0, 10.0)
