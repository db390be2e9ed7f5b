"""Krippendorff's alpha for names, where people may have left images out, with a bootstrap interval over images.

Krippendorff 2011, Computing Krippendorff's alpha-reliability; nominal data. 1 is full agreement, 0 is chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline_tasks.intervals.bootstrap import percentile_interval
from pipeline_tasks.intervals.proportions import wilson
from pipeline_tasks.label_quality.votes import Floats, Integers

SAMPLES = 1000


@dataclass(frozen=True)
class Alpha:
    """Agreement of people beyond chance; None where it is not defined."""

    value: float | None
    """None without an image of two votes, and where all votes are for one name."""
    low: float | None
    high: float | None
    images: int
    """Images with at least two votes; others say nothing about agreement."""


def alpha(counts: npt.ArrayLike) -> float | None:
    """Alpha of votes for each name, images x names."""
    value = _of_sums(_terms(np.asarray(counts, np.int64)).sum(axis=0, keepdims=True))[0]
    return None if np.isnan(value) else float(value)


def alpha_with_interval(
    counts: npt.ArrayLike, groups: Integers | None = None, *, confidence: float = 0.95, samples: int = SAMPLES, seed: int = 0
) -> Alpha:
    """Alpha with its interval; `groups` are numbers of images that are drawn together, by default each image alone."""
    given = np.asarray(counts, np.int64)
    is_shared = given.sum(axis=1) >= 2
    images, value = int(is_shared.sum()), alpha(given)
    if value is None:
        return Alpha(None, None, None, images)
    terms = _terms(given[is_shared])
    by_group = terms if groups is None else _by_group(terms, groups[is_shared])
    draws = _of_sums(_drawn(by_group, samples, seed))
    found = percentile_interval(draws, confidence)
    low = found.low if found.high > found.low else _low_without_spread(terms, len(by_group), confidence)
    return Alpha(value, low, found.high, images)


def alpha_by_name(
    counts: npt.ArrayLike, groups: Integers | None = None, *, confidence: float = 0.95, samples: int = SAMPLES, seed: int = 0
) -> list[Alpha]:
    """Alpha of each name against all others."""
    given = np.asarray(counts, np.int64)
    total = given.sum(axis=1)
    pairs = [np.stack([given[:, one], total - given[:, one]], axis=1) for one in range(given.shape[1])]
    return [alpha_with_interval(one, groups, confidence=confidence, samples=samples, seed=seed) for one in pairs]


def _terms(counts: Integers) -> Floats:
    """Terms that alpha is a ratio of sums of, images x (1 + names): agreeing pairs by Krippendorff's weight, and votes by name."""
    total = counts.sum(axis=1)
    agreeing = (counts * (counts - 1)).sum(axis=1) / np.maximum(total - 1, 1)
    is_shared = (total >= 2)[:, None]
    terms: Floats = np.where(is_shared, np.concatenate([agreeing[:, None], counts], axis=1), 0.0)
    return terms


def _of_sums(sums: Floats) -> Floats:
    """Alpha of each row of summed terms; NaN where all votes are for one name, or there are none."""
    votes = sums[:, 1:].sum(axis=1)
    observed = votes - sums[:, 0]
    expected = (votes**2 - (sums[:, 1:] ** 2).sum(axis=1)) / np.maximum(votes - 1, 1)
    found: Floats = 1 - np.divide(observed, expected, out=np.full_like(votes, np.nan), where=expected > 0)
    return found


def _by_group(terms: Floats, groups: Integers) -> Floats:
    names, numbers = np.unique(groups, return_inverse=True)
    return np.stack([np.bincount(numbers, one, len(names)) for one in terms.T], axis=1)


def _drawn(terms: Floats, samples: int, seed: int) -> Floats:
    """Summed terms of samples with as many rows as there are; equal rows are drawn together, which is the same and fast."""
    rows, times = np.unique(terms, axis=0, return_counts=True)
    drawn = np.random.default_rng(seed).multinomial(len(terms), times / len(terms), size=samples)
    sums: Floats = drawn.astype(np.float64) @ rows
    return sums


def _low_without_spread(terms: Floats, groups: int, confidence: float) -> float:
    """Lower end where all draws agree: Wilson's interval of the agreeing share, as few images cannot give certainty."""
    sums = terms.sum(axis=0)
    votes = sums[1:].sum()
    least = wilson(sums[0] / votes, groups, confidence)[0]
    expected = (votes**2 - (sums[1:] ** 2).sum()) / (votes - 1)
    return float(1 - (1 - least) * votes / expected)
