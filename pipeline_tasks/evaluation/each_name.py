"""Comparison of candidate and champion on each name of the vocabulary, by the kind's own score over that name alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pipeline_tasks.evaluation.gate import Rule
from pipeline_tasks.intervals.bootstrap import draw_groups, percentile_interval
from pipeline_tasks.kinds.scoring import Matches, Scoring


@dataclass(frozen=True)
class NameDifference:
    """Candidate minus champion on one name, with bounds that hold for all names at once."""

    name: str
    difference: float
    low: float
    high: float


def compare_names(scoring: Scoring[Any], candidate: Matches, champion: Matches, rule: Rule) -> tuple[NameDifference, ...]:
    """Paired differences on the names that count, the greatest fall first; empty for kinds without names.

    Each interval is as wide as looking at all of them asks for (Bonferroni: Dunn, Multiple Comparisons Among Means, 1961).
    """
    basis = scoring.basis(candidate, rule.min_test_images_per_class)
    if not basis.counted:
        return ()
    draws = draw_groups(candidate.group_count, rule.bootstrap_samples, rule.seed)
    confidence = 1 - (1 - rule.confidence) / len(basis.counted)
    found = []
    for name in basis.counted:
        alone = replace(basis, counted=(name,))
        mine, theirs = scoring.score(candidate, alone, draws), scoring.score(champion, alone, draws)
        interval = percentile_interval(mine.draws - theirs.draws, confidence)
        found.append(NameDifference(name, mine.value - theirs.value, interval.low, interval.high))
    return tuple(sorted((one for one in found if not np.isnan(one.difference)), key=lambda one: (one.difference, one.name)))
