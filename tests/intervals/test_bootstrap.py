from __future__ import annotations

import math

import numpy as np
import pytest

from pipeline_tasks.intervals.bootstrap import draw_groups, percentile_interval, ratio_draws, sum_by_group


def test_draw_groups__draws_as_many_groups_as_there_are() -> None:
    draws = draw_groups(groups=7, samples=50, seed=1)

    assert draws.shape == (50, 7)
    assert set(draws.sum(axis=1)) == {7.0}


def test_draw_groups__gives_the_same_draws_for_the_same_seed() -> None:
    assert (draw_groups(5, 20, seed=3) == draw_groups(5, 20, seed=3)).all()
    assert (draw_groups(5, 20, seed=3) != draw_groups(5, 20, seed=4)).any()


def test_sum_by_group__adds_up_the_rows_of_each_group() -> None:
    sums = sum_by_group(np.array([[1.0], [2.0], [4.0]]), np.array([1, 0, 1]), group_count=3)

    assert sums.tolist() == [[2.0], [5.0], [0.0]]


def test_ratio_draws__has_no_value_for_a_sample_with_a_count_of_zero() -> None:
    draws = np.array([[2.0, 0.0], [0.0, 2.0]])

    ratios = ratio_draws(draws, numerators=np.array([[1.0], [0.0]]), denominators=np.array([[4.0], [0.0]]))

    assert ratios[0, 0] == 0.25
    assert math.isnan(ratios[1, 0])


def test_percentile_interval__takes_the_middle_and_leaves_out_samples_without_a_value() -> None:
    values = np.array([*range(101), np.nan], dtype=np.float64)

    interval = percentile_interval(values, confidence=0.9)

    assert (interval.low, interval.high) == pytest.approx((5.0, 95.0))
    assert math.isnan(percentile_interval(np.array([np.nan]), 0.9).low)


def test_interval__of_single_images_is_as_wide_as_the_normal_approximation_says() -> None:
    hits = np.array([1.0] * 80 + [0.0] * 20)[:, None]

    interval = _accuracy_interval(hits, groups=np.arange(100))

    half = 1.96 * math.sqrt(0.8 * 0.2 / 100)
    assert abs(interval.low - (0.8 - half)) < 0.012
    assert abs(interval.high - (0.8 + half)) < 0.012


def test_interval__of_clips_of_four_equal_frames_is_twice_as_wide() -> None:
    # 25 clips of 4 frames that all agree hold the information of 25 images, so the interval grows by sqrt(4).
    hits = np.repeat([1.0] * 20 + [0.0] * 5, 4)[:, None]

    single = _accuracy_interval(hits, groups=np.arange(100))
    clustered = _accuracy_interval(hits, groups=np.repeat(np.arange(25), 4))

    assert 1.8 < (clustered.high - clustered.low) / (single.high - single.low) < 2.2


def test_interval__contains_the_true_value_about_as_often_as_its_confidence() -> None:
    generator = np.random.default_rng(5)
    draws = draw_groups(60, 400, seed=9)
    held = 0
    for _ in range(300):
        shares = generator.beta(8, 2, size=60)
        hits = generator.binomial(4, shares).astype(np.float64)[:, None]
        interval = percentile_interval(ratio_draws(draws, hits, np.full((60, 1), 4.0))[:, 0], 0.95)
        held += interval.low <= 0.8 <= interval.high
    assert 0.90 <= held / 300 <= 0.985


def _accuracy_interval(hits: np.ndarray, groups: np.ndarray):  # type: ignore[no-untyped-def]
    count = int(groups.max()) + 1
    draws = draw_groups(count, samples=4000, seed=2)
    sums, images = sum_by_group(hits, groups, count), sum_by_group(np.ones_like(hits), groups, count)
    return percentile_interval(ratio_draws(draws, sums, images)[:, 0], 0.95)
