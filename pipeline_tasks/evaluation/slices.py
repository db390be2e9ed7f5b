"""Comparison of candidate and champion on slices of the test images.

It uses the mean of the kind's image scores, not its score, because a slice may be small or of one class only, and in a set that
a person chose each image counts the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pipeline_tasks.evaluation.gate import Rule
from pipeline_tasks.intervals.bootstrap import draw_groups, percentile_interval, ratio_draws, sum_by_group
from pipeline_tasks.kinds.scoring import Floats, Matches, Scoring


@dataclass(frozen=True)
class SliceDifference:
    """Candidate and champion on one slice, in mean image scores; the last three are None without a champion."""

    images: int
    candidate: float
    champion: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None


def compare_on_slice(scoring: Scoring[Any], candidate: Matches, champion: Matches | None, rule: Rule) -> SliceDifference:
    """Paired difference with its interval, by a bootstrap clustered by split group."""
    mine = scoring.image_scores(candidate)
    found = SliceDifference(len(mine), float(mine.mean()))
    if champion is None:
        return found
    theirs = scoring.image_scores(champion)
    difference, low, high = mean_difference(mine, theirs, candidate, rule)
    return replace(found, champion=float(theirs.mean()), difference=difference, low=low, high=high)


def mean_difference(mine: Floats, theirs: Floats, matches: Matches, rule: Rule) -> tuple[float, float, float]:
    """Difference of the means of scores of the same images, with its bounds by a bootstrap clustered by split group."""
    draws = draw_groups(matches.group_count, rule.bootstrap_samples, rule.seed)
    sums = sum_by_group((mine - theirs)[:, None], matches.groups, matches.group_count)
    images = sum_by_group(np.ones_like(mine)[:, None], matches.groups, matches.group_count)
    interval = percentile_interval(ratio_draws(draws, sums, images)[:, 0], rule.confidence)
    return float(mine.mean()) - float(theirs.mean()), interval.low, interval.high
