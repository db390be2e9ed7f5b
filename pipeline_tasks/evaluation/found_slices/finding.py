"""Found slices: those on which a model errs more than on the other test images, more than looking many times explains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline_tasks.evaluation.found_slices.permuting import corrected_p
from pipeline_tasks.evaluation.found_slices.sought import Booleans, Floats, Integers, Sought
from pipeline_tasks.intervals.bootstrap import draw_groups, percentile_interval, ratio_draws, sum_by_group

SAME = 0.5
"""Images in both of two slices, of those in either, from which on they say the same."""


@dataclass(frozen=True)
class Search:
    """Settings of a search, and the seed of its draws."""

    max_p: float = 0.02
    """Greatest corrected p-value of a claim: a share of searches without such a slice in which one is claimed all the same."""
    min_groups: int = 8
    """Fewest split groups of a slice, and outside it."""
    shuffles: int = 4000
    bootstrap_samples: int = 2000
    confidence: float = 0.95
    seed: int = 0


@dataclass(frozen=True)
class FoundSlice:
    """One slice that was claimed; scores are means of image scores."""

    slice: Sought
    images: int
    groups: int
    inside: float
    outside: float
    low: float
    """Bounds of inside minus outside, of this slice alone: what is picked as the worst of many looks worse than it is."""
    high: float
    p: float
    """Corrected for all slices that were looked at."""
    also: tuple[str, ...] = ()
    """Words of other claimed slices of mostly the same images."""


def find_slices(scores: Floats, groups: Integers, sought: Sequence[Sought], search: Search) -> tuple[FoundSlice, ...]:
    """Claimed slices, the most certain first; of slices with mostly the same images the first stands for all.

    `scores`: image scores from 0 to 1; `groups`: number of each image's split group, from 0.
    """
    looked_at = large_enough(sought, groups, search.min_groups)
    if not looked_at:
        return ()
    members = np.stack([one.is_member for one in looked_at], axis=1)
    found = corrected_p(scores, groups, members, search.shuffles, search.seed)
    order = [one for one in np.lexsort((_differences(scores, looked_at), found)) if found[one] <= search.max_p]
    return tuple(_claims(scores, groups, [(looked_at[one], float(found[one])) for one in order], search))


def large_enough(sought: Sequence[Sought], groups: Integers, least: int) -> list[Sought]:
    """Slices with enough groups inside, and enough outside."""
    return [one for one in sought if min(len(np.unique(groups[one.is_member])), len(np.unique(groups[~one.is_member]))) >= least]


def _differences(scores: Floats, slices: Sequence[Sought]) -> Floats:
    return np.array([scores[one.is_member].mean() - scores[~one.is_member].mean() for one in slices])


def _claims(scores: Floats, groups: Integers, claimed: Sequence[tuple[Sought, float]], search: Search) -> Iterator[FoundSlice]:
    """Figures of each claimed slice that stands for itself."""
    draws = draw_groups(int(groups.max()) + 1, search.bootstrap_samples, search.seed) if claimed else np.zeros((0, 0))
    left = list(claimed)
    while left:
        (first, p), *rest = left
        also = [one for one, _ in rest if _overlap(one.is_member, first.is_member) >= SAME]
        left = [(one, its_p) for one, its_p in rest if all(one is not its for its in also)]
        interval = _interval(scores, groups, first.is_member, draws, search.confidence)
        inside, outside = float(scores[first.is_member].mean()), float(scores[~first.is_member].mean())
        count = len(np.unique(groups[first.is_member]))
        words = tuple(one.words for one in also)
        yield FoundSlice(first, int(first.is_member.sum()), count, inside, outside, *interval, p, words)


def _overlap(one: Booleans, other: Booleans) -> float:
    return float((one & other).sum() / (one | other).sum())


def _interval(scores: Floats, groups: Integers, is_member: Booleans, draws: Floats, confidence: float) -> tuple[float, float]:
    """Interval of inside minus outside, by a bootstrap clustered by split group."""
    sides = np.stack([is_member, ~is_member], axis=1).astype(np.float64)
    count = draws.shape[1]
    ratios = ratio_draws(draws, sum_by_group(sides * scores[:, None], groups, count), sum_by_group(sides, groups, count))
    found = percentile_interval(ratios[:, 0] - ratios[:, 1], confidence)
    return found.low, found.high
