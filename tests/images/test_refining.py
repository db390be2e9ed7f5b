"""Tests of refining maps that start a pixel or two off, on images whose true map is known."""

from __future__ import annotations

import numpy as np
import pytest
from images.drawn_surfaces import a_surface

from pipeline_tasks.images.filters import Floats, mapped
from pipeline_tasks.images.refining import refined

UPRIGHT = np.array([[1, 0, 0], [0, 1, 0]], np.float32)
TRUE = np.array([[1.03, 0.01, 1.4], [-0.01, 0.98, -0.9]], np.float32)


def detail(seed: int) -> Floats:
    values = a_surface(seed, side_px=64)[..., 0].astype(np.float32)
    return values - values.mean()


def test_refined__finds_shift_scale_and_turn_to_a_tenth_of_a_pixel() -> None:
    image = detail(1)
    found = refined(mapped(image, TRUE, 64, 64), image, UPRIGHT, rounds=12, least=0.6)
    assert found is not None
    assert found.correlation > 0.99
    corners = np.array([[8, 8, 1], [56, 8, 1], [8, 56, 1], [56, 56, 1]], np.float32).T
    assert np.abs(found.onto @ corners - TRUE @ corners).max() < 0.1


def test_refined__stays_below_the_least_correlation_for_unrelated_images() -> None:
    found = [refined(detail(1), detail(seed), UPRIGHT, rounds=12, least=0.6) for seed in range(2, 8)]
    assert all(one is None or one.correlation < 0.6 for one in found)


@pytest.mark.parametrize("start", [np.array([[1, 0, 80], [0, 1, 0]], np.float32), np.array([[1, 0, 0], [0, 1, -63]], np.float32)])
def test_refined__gives_nothing_where_the_images_do_not_overlap(start: Floats) -> None:
    assert refined(detail(1), detail(1), start, rounds=12, least=0.6) is None


def test_refined__ends_on_images_without_detail() -> None:
    plain = np.zeros((64, 64), np.float32)
    found = refined(plain, plain, UPRIGHT, rounds=12, least=0.6)
    assert found is None or found.correlation < 0.6
