"""Tests of the interval of a difference of medians."""

from __future__ import annotations

import numpy as np

from pipeline_tasks.intervals.medians import median_difference


def test_median_difference__covers_the_true_difference_as_often_as_it_says() -> None:
    """Times with long tails; the medians differ by 4."""
    covered = 0
    for seed in range(100):
        drawn = np.random.default_rng(seed)
        one, other = (4 + drawn.lognormal(0, 1, 40)).tolist(), drawn.lognormal(0, 1, 40).tolist()
        found = median_difference(one, other, 0.9, seed)
        assert found is not None
        covered += found.low <= 4 <= found.high

    assert 83 <= covered <= 99


def test_median_difference__says_nothing_of_few_observations() -> None:
    assert median_difference([1.0] * 4, [2.0] * 50, 0.95, 1) is None
