"""Tests of turned images: points, boxes and masks go where the pixels go."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline_tasks.decoding.model_recipe import GREY
from pipeline_tasks.decoding.turned_image import turned_image
from pipeline_tasks.geometry.turn import Turn

SOME = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 2.0], [1.0, 1.0]])


@pytest.mark.parametrize(
    ("degrees", "size", "places"),
    [
        (0, (4, 2), [[0, 0], [4, 0], [4, 2], [1, 1]]),
        (90, (2, 4), [[2, 0], [2, 4], [0, 4], [1, 1]]),
        (180, (4, 2), [[4, 2], [0, 2], [0, 0], [3, 1]]),
        (270, (2, 4), [[0, 4], [0, 0], [2, 0], [1, 3]]),
        (-90, (2, 4), [[0, 4], [0, 0], [2, 0], [1, 3]]),
    ],
)
def test_points__of_quarter_turns_are_exact(degrees: float, size: tuple[int, int], places: list[list[float]]) -> None:
    turn = Turn(4, 2, degrees)

    assert turn.size_px == size
    assert turn.points(SOME).tolist() == places


@pytest.mark.parametrize("degrees", [0, 30, 90, 123.4, -17, 270])
def test_sources__are_where_the_points_came_from(degrees: float) -> None:
    turn = Turn(40, 25, degrees)

    assert np.allclose(turn.sources(turn.points(SOME)), SOME, atol=1e-9)


@pytest.mark.parametrize("degrees", [0, 20, 90, 135, 180, 270, -33])
def test_mask_and_pixels__go_where_the_points_go(degrees: float) -> None:
    """A white block of 6 x 6 pixels, found again by its middle."""
    turn, mask = Turn(60, 40, degrees), np.zeros((40, 60), bool)
    mask[8:14, 40:46] = True
    pixels = np.repeat((mask * 255).astype(np.uint8)[:, :, None], 3, axis=2)

    masked, drawn = turn.mask(mask), turned_image(pixels, turn)

    (wanted,) = turn.points(np.array([[43.0, 11.0]]))
    for found in (masked, drawn[:, :, 0] > 128 if turn.quarters is not None else (drawn[:, :, 0] > 140)):
        assert found.shape[::-1] == turn.size_px
        down, across = np.argwhere(found).mean(axis=0) + 0.5
        assert np.hypot(across - wanted[0], down - wanted[1]) < 0.5
    assert abs(int(masked.sum()) - 36) <= 4


def test_turned_image__is_grey_where_the_image_does_not_reach() -> None:
    drawn = turned_image(np.zeros((20, 20, 3), np.uint8), Turn(20, 20, 45))

    assert drawn.shape == (28, 28, 3)
    assert drawn[0, 0].tolist() == drawn[27, 27].tolist() == [GREY] * 3
    assert drawn[14, 14].tolist() == [0, 0, 0]


def test_boxes__of_quarter_turns_are_exact_and_of_others_hold_the_turned_ellipse() -> None:
    box = np.array([[10.0, 10.0, 30.0, 16.0]])

    assert Turn(50, 30, 90).boxes(box).tolist() == [[14.0, 10.0, 20.0, 30.0]]
    turn = Turn(50, 30, 25)
    angles = np.linspace(0, 2 * np.pi, 1000)
    ellipse = turn.points(np.stack([20 + 10 * np.cos(angles), 13 + 3 * np.sin(angles)], axis=1))
    around = np.concatenate([ellipse.min(axis=0), ellipse.max(axis=0)])
    assert np.allclose(turn.boxes(box)[0], around, atol=0.01)


def test_boxes__are_cut_at_the_border_of_the_turned_image() -> None:
    turn = Turn(50, 30, 45)

    (found,) = turn.boxes(np.array([[0.0, 0.0, 50.0, 30.0]]))

    assert found.tolist() == [*np.maximum(found[:2], 0), *np.minimum(found[2:], turn.size_px)]
