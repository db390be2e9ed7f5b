"""Tests of the score test's interval, against values of McNemar's and Wilson's tests that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline_tasks.intervals.bootstrap import Interval
from pipeline_tasks.intervals.few_differences import contributions, few_differences_interval, least_margin, one_copy_less
from pipeline_tasks.intervals.proportions import wilson

Z = 1.959964


def of_images(wins: int, losses: int, images: int, confidence: float = 0.95) -> Interval:
    """Each image a group of its own."""
    added = np.array([1.0] * wins + [-1.0] * losses + [0.0] * (images - wins - losses)) / images
    return few_differences_interval(added, np.ones(images, np.int64), confidence)


def test_interval__excludes_no_difference_just_when_mcnemars_test_does() -> None:
    # (wins - losses) / sqrt(wins + losses): 7 / 3 = 2.33 is beyond 1.96, 5 / sqrt(11) = 1.51 is not.
    assert of_images(8, 1, 100).low > 0
    assert of_images(8, 3, 100).low < 0
    assert of_images(1, 8, 100).high < 0


def test_interval__of_losses_alone_is_that_of_a_rate_by_its_own_score_test() -> None:
    # The rate r whose square root of 100 r is Z away from 3: (3 - 100 r)² = Z² 100 r.
    low = of_images(0, 3, 100).low

    assert (3 + 100 * low) ** 2 == pytest.approx(-100 * low * Z**2, rel=1e-6)
    assert low == pytest.approx(-wilson(0.03, 100, 0.95)[1], abs=0.005)


def test_interval__of_models_that_agree_is_what_so_many_images_cannot_exclude() -> None:
    found = of_images(0, 0, 50)

    assert (found.low, found.high) == (pytest.approx(-(Z**2) / 50, rel=1e-6), pytest.approx(Z**2 / 50, rel=1e-6))
    assert least_margin(np.ones(50, np.int64), 0.95) == found.high


def test_interval__of_groups_is_wider_than_of_as_many_single_images() -> None:
    alone = few_differences_interval(np.zeros(60), np.ones(60, np.int64), 0.95)
    threes = few_differences_interval(np.zeros(20), np.full(20, 3), 0.95)

    assert threes.high == pytest.approx(3 * alone.high, rel=1e-6)


def test_interval__of_many_small_differences_is_the_usual_one() -> None:
    added = np.random.default_rng(0).normal(0.02, 0.1, 400) / 400
    found, error = few_differences_interval(added, np.ones(400, np.int64), 0.95), float(np.sqrt((added**2).sum()))

    assert (found.high - found.low) / 2 == pytest.approx(Z * error, rel=0.05)
    assert (found.high + found.low) / 2 == pytest.approx(added.sum(), abs=0.05 * Z * error)


def test_interval__ends_where_no_difference_can_be() -> None:
    assert of_images(9, 0, 10).high == 1.0
    assert of_images(0, 9, 10).low == -1.0


def test_interval__is_wider_for_more_confidence() -> None:
    assert of_images(2, 3, 100, 0.99).low < of_images(2, 3, 100, 0.95).low


def test_contributions__of_a_mean_are_what_each_group_adds_to_it() -> None:
    # Groups of 1, 1, 2 and 1 images; the third has two halves.
    sums, images = np.array([0.0, 1.0, 1.0, -1.0]), np.array([1, 1, 2, 1])
    draws = one_copy_less(4)

    added = contributions((draws @ sums) / (draws @ images), images)

    assert added == pytest.approx(sums / 5, abs=0.003)


def test_contributions__to_a_mean_over_classes_weigh_the_rare_class_more() -> None:
    # One of two images of a rare class is won, and one of eight of a common one: (1/2 + 1/8) / 2.
    hits = np.array([[1.0, 0], [0, 0]] + [[0, 1.0]] + [[0, 0]] * 7)
    images = np.array([[1.0, 0]] * 2 + [[0, 1.0]] * 8)
    draws = one_copy_less(10)

    added = contributions(((draws @ hits) / (draws @ images)).mean(axis=1), np.ones(10, np.int64))

    assert added.sum() == pytest.approx(0.3125, abs=0.005)
    # Its own share 1/4, less what its class's mean falls if it is drawn less, beside a tenth of the whole.
    assert added[0] == pytest.approx((1 - 0.5) / 2 / 2 + 0.03125, abs=0.005)
    assert added[2] == pytest.approx((1 - 0.125) / 8 / 2 + 0.03125, abs=0.005)
