"""Tests of images in the square of a model with places: pixels and boxes move together."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline_tasks.augmentations.policy import policy_of
from pipeline_tasks.decoding.model_image import model_image
from pipeline_tasks.decoding.model_recipe import GREY, recipe_digest
from pipeline_tasks.decoding.placed_image import placed_image
from pipeline_tasks.decoding.turned_image import turned_image
from pipeline_tasks.geometry.placement import Placement, whole_image
from pipeline_tasks.kinds.decoding import WHOLE
from pipeline_tasks.models.placed_views import DEFAULT_MOVES, moves_of, placed_view
from pipeline_tasks.settings import AugmentationSettings

BOX = np.array([[60, 30, 100, 70]])


def with_a_box(width: int = 160, height: int = 120) -> np.ndarray:
    pixels = np.zeros((height, width, 3), np.uint8)
    x0, y0, x1, y1 = BOX[0]
    pixels[y0:y1, x0:x1] = (255, 0, 0)
    return pixels


def box_of(square: np.ndarray) -> np.ndarray:
    """Edges of the red box: pixels that are half covered count half."""
    red = np.clip(square[..., 0].astype(float) - square[..., 1], 0, 255) / 255
    rows, columns = np.flatnonzero(red.max(axis=1) > 0.5), np.flatnonzero(red.max(axis=0) > 0.5)
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])


def test_model_image__whole_is_nothing_cut_and_grey_below() -> None:
    square = model_image(with_a_box(), 64, WHOLE)

    assert square.shape == (64, 64, 3)
    assert (square[48:] == GREY).all()
    assert not (square[:48] == GREY).all(axis=2).any()
    assert np.abs(box_of(square) - BOX[0] * 0.4).max() <= 1


def test_recipe_digest__differs_by_framing() -> None:
    assert recipe_digest(64) != recipe_digest(64, WHOLE)


@pytest.mark.parametrize("size", [(1, 1), (1000, 1), (1, 1000), (3, 5), (641, 479)])
def test_model_image__whole_takes_any_size(size: tuple[int, int]) -> None:
    width, height = size

    square = model_image(np.full((height, width, 3), 200, np.uint8), 64, WHOLE)

    assert tuple(square[0, 0]) == (200, 200, 200)


@pytest.mark.parametrize("seed", range(20))
def test_placed_image__shows_a_box_where_the_placement_says(seed: int) -> None:
    placement = placed_view(160, 120, 128, seed).placement

    wanted = np.clip(placement.boxes(BOX)[0], 0, 128)
    found = box_of(placed_image(with_a_box(), placement))

    assert np.abs(found - wanted).max() <= 1.01, placement


@pytest.mark.parametrize("seed", range(20))
def test_placed_view__of_a_turning_policy_shows_a_box_where_the_placement_says(seed: int) -> None:
    """Quarter turns, upside down, mirrored, nearer: all at once, and the box in the pixels is the box in the numbers."""
    names = ("zoom", "random_crop", "horizontal_flip", "vertical_flip", "quarter_turn")
    moves = moves_of(policy_of({name: AugmentationSettings() for name in names}, ()))
    view = placed_view(160, 120, 128, seed, moves)

    wanted = np.clip(view.placement.boxes(view.turn.boxes(BOX))[0], 0, 128)
    found = box_of(placed_image(turned_image(with_a_box(), view.turn), view.placement))

    assert np.abs(found - wanted).max() <= 1.01, view


def test_moves__are_those_of_the_policy() -> None:
    entry = AugmentationSettings(probability=1.0)
    upside_down = moves_of(policy_of({"vertical_flip": entry}, ()))
    turning = moves_of(policy_of({"rotation": AugmentationSettings(strength=0.1, probability=1.0)}, ()))

    seen = [placed_view(160, 120, 160, seed, upside_down) for seed in range(5)]
    assert all(one.turn.degrees == 180 and one.placement.is_mirrored and one.placement.scale == 1 for one in seen)
    angles = [placed_view(160, 120, 160, seed, turning).turn.degrees for seed in range(200)]
    assert -9 < min(angles) < -8
    assert 8 < max(angles) < 9
    assert len({upside_down.digest, turning.digest, DEFAULT_MOVES.digest}) == 3


def test_placed_view__is_drawn_by_its_seed_and_shows_a_good_part_of_the_image() -> None:
    views = [placed_view(160, 120, 128, seed).placement for seed in range(200)]

    assert views[3] == placed_view(160, 120, 128, 3).placement
    assert {one.is_mirrored for one in views} == {True, False}
    whole = np.array([[0.0, 0, 160, 120]])
    for one in views:
        seen = np.clip(one.boxes(whole)[0], 0, 128)
        assert (seen[2:] - seen[:2]).min() > 60


def test_placement__leaves_boxes_whole_at_scale_one() -> None:
    assert Placement(128, 1.0).boxes(BOX).tolist() == BOX.tolist()
    assert whole_image(160, 120, 160).boxes(BOX).tolist() == BOX.tolist()
