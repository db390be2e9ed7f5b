"""Comparison of candidate and champion on slices of the test images; the golden slice can stop a promotion.

It uses the mean of the kind's image scores, not its score, because a slice may be small or of one class only, and in a set that
a person chose each image counts the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pipeline_tasks.evaluation.gate import Decision, Rule
from pipeline_tasks.intervals.bootstrap import draw_groups, percentile_interval, ratio_draws, sum_by_group
from pipeline_tasks.kinds.scoring import Matches, Scoring


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
    draws = draw_groups(candidate.group_count, rule.bootstrap_samples, rule.seed)
    sums = sum_by_group((mine - theirs)[:, None], candidate.groups, candidate.group_count)
    images = sum_by_group(np.ones_like(mine)[:, None], candidate.groups, candidate.group_count)
    interval = percentile_interval(ratio_draws(draws, sums, images)[:, 0], rule.confidence)
    value = float(theirs.mean())
    return replace(found, champion=value, difference=found.candidate - value, low=interval.low, high=interval.high)


def with_golden_gate(
    decision: Decision, slices: Mapping[str, SliceDifference], golden_margin: float | None, words: str, *, has_champion: bool
) -> Decision:
    """Stop a promotion if its lower bound on the golden set is not above minus `golden_margin`; None only reports it.

    `words` names the mean image score. A gate that is set but cannot be measured also stops the promotion. It does not apply to
    the first champion.
    """
    if golden_margin is None or not decision.is_promoted or not has_champion:
        return decision
    golden = slices.get("golden")
    if golden is None or golden.low is None or golden.difference is None:
        why = "Not promoted: gates.golden_margin is set, and the dataset version has no labelled images of the golden set."
        return replace(decision, is_promoted=False, why=why)
    points, low = 100 * golden.difference, 100 * golden.low
    said = f"on the {golden.images} images of the golden set {words} differs by {points:+.1f} points (lower bound {low:+.1f})"
    worse = f"worse by more than {100 * golden_margin:g} points"
    good, bad = (f"not {worse}", f"it may be {worse}") if golden_margin else ("better", "it may be no better")
    if golden.low > -golden_margin:
        return replace(decision, why=f"{decision.why} {said[0].upper()}{said[1:]}, so it is {good} there.")
    passed = decision.why.removeprefix("Promoted: ")
    why = f"Not promoted: {said}, so {bad} there. On the rest of test it is {passed}"
    return replace(decision, is_promoted=False, why=why)
