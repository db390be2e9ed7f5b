"""Bootstrap intervals for figures over images that come in groups of similar ones.

Cluster bootstrap: whole groups are drawn with replacement, never single images, because two frames of one clip are not
two independent observations. Percentile intervals after Efron and Tibshirani, An Introduction to the Bootstrap (1993),
chapter 13; drawing whole clusters after Davison and Hinkley, Bootstrap Methods and their Application (1997), section 3.8.
Two models are compared on the same draws, so that images which both find hard cancel out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Interval:
    """Bounds of a two-sided interval; both NaN if no draw gave a value."""

    low: float
    high: float


def draw_groups(groups: int, samples: int, seed: int) -> Floats:
    """Number of times each group is in each bootstrap sample: samples x groups, each row adds up to `groups`."""
    generator = np.random.default_rng(seed)
    return generator.multinomial(groups, np.full(groups, 1.0 / groups), size=samples).astype(np.float64)


def sum_by_group(values: npt.NDArray[np.generic], groups: Integers, group_count: int) -> Floats:
    """Add up the rows of each group: N x K values and N group numbers give groups x K."""
    sums = np.zeros((group_count, *values.shape[1:]), dtype=np.float64)
    np.add.at(sums, groups, values)
    return sums


def ratio_draws(draws: Floats, numerators: Floats, denominators: Floats) -> Floats:
    """A ratio of sums in each sample: groups x K counts give samples x K ratios, NaN where the denominator is 0."""
    counted, hits = draws @ denominators, draws @ numerators
    return np.divide(hits, counted, out=np.full_like(hits, np.nan), where=counted > 0)


def percentile_interval(values: Floats, confidence: float) -> Interval:
    """Percentile interval over a figure's draws (one value a sample); samples without a value are left out."""
    known = values[~np.isnan(values)]
    if known.size == 0:
        return Interval(float("nan"), float("nan"))
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(known, [tail, 1.0 - tail])
    return Interval(float(low), float(high))
