"""Interval of the difference between the medians of two independent samples, by the percentile bootstrap.

Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13. Times of people have long tails, which means
would follow.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline_tasks.intervals.bootstrap import percentile_interval
from pipeline_tasks.intervals.resampled import Estimate

LEAST = 5
"""Observations of each sample below which a bootstrap says nothing."""
_DRAWS = 2000


def median_difference(one: Sequence[float], other: Sequence[float], confidence: float, seed: int) -> Estimate | None:
    """Median of `one` less that of `other`; None with fewer than `LEAST` observations of either."""
    if min(len(one), len(other)) < LEAST:
        return None
    generator = np.random.default_rng(seed)
    drawn = [np.median(generator.choice(np.array(values), (_DRAWS, len(values))), axis=1) for values in (one, other)]
    found = percentile_interval(drawn[0] - drawn[1], confidence)
    return Estimate(float(np.median(one) - np.median(other)), found.low, found.high)
