"""Gate: decides whether a candidate may become the champion, with the reason as a sentence.

The rule (docs/design.md, section 8): the lower bound of (candidate - champion) in the kind's score must be above minus the
margin; the first champion must beat the kind's trivial baseline. Both are measured on the same draws.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import numpy as np

from pipeline_tasks.intervals.bootstrap import Floats, Integers, Interval, draw_groups, percentile_interval
from pipeline_tasks.intervals.few_differences import contributions, few_differences_interval, least_margin, one_copy_less
from pipeline_tasks.kinds.scoring import Basis, Matches, Score, Scoring

SEEN, POWER_Z = 0.03, 2.8
"""A difference of 3 points, and the standard errors that it must be away from 0: two-sided 95 % and a power of 80 %."""
NOTHING_TO_COMPARE = "Not promoted: the dataset version has no labelled test images, so no comparison is possible."


@dataclass(frozen=True)
class Rule:
    """The gate's settings and the seed of its draws."""

    margin: float
    confidence: float
    bootstrap_samples: int
    min_test_images_per_class: int
    seed: int


@dataclass(frozen=True)
class Decision:
    """Decision and its figures."""

    is_promoted: bool
    why: str
    classes_left_out: tuple[str, ...] = ()
    candidate_score: float | None = None
    candidate_low: float | None = None
    candidate_high: float | None = None
    rival_score: float | None = None
    """The champion's score, or the trivial baseline's if there is no champion."""
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    floor: float = 0.0
    """Limit that the lower bound must exceed."""
    images_to_see_3_points: int | None = None
    """Test images like these that are needed to tell a difference of 3 points; None without a champion or a spread."""


def decide(scoring: Scoring[Any], candidate: Matches, champion: Matches | None, rule: Rule) -> Decision:
    """Compare a candidate with the champion, or with the kind's trivial baseline if there is none yet."""
    if not candidate.images:
        return Decision(False, NOTHING_TO_COMPARE)
    basis = scoring.basis(candidate, rule.min_test_images_per_class)
    if basis.why_too_small:
        return Decision(False, f"Not promoted: {basis.why_too_small}", basis.left_out)
    draws = draw_groups(candidate.group_count, rule.bootstrap_samples, rule.seed)
    rival = scoring.baseline(candidate) if champion is None else champion
    mine, theirs = scoring.score(candidate, basis, draws), scoring.score(rival, basis, draws)
    interval = _interval(scoring, candidate, rival, basis, mine.draws - theirs.draws, rule)
    decision = _judge(mine, theirs, interval, basis, rule, is_first=champion is None)
    if champion is not None:
        decision = replace(decision, images_to_see_3_points=_images_to_see(candidate.images, mine, theirs))
    rival_words = scoring.names.baseline_words if champion is None else "the champion"
    why = [_why(decision, scoring.names.words, rival_words, rule), basis.note, _too_few(candidate, decision, rule)]
    return replace(decision, why=" ".join(one for one in why if one))


def _interval(scoring: Scoring[Any], candidate: Matches, rival: Matches, basis: Basis, differences: Floats, rule: Rule) -> Interval:
    """The bootstrap's interval, or the bounds of the score test where these are wider.

    With more groups than samples the bootstrap alone is asked.
    """
    drawn = percentile_interval(differences, rule.confidence)
    if candidate.group_count > rule.bootstrap_samples:
        return drawn
    lessened, images = one_copy_less(candidate.group_count), _images(candidate)
    mine, theirs = scoring.score(candidate, basis, lessened), scoring.score(rival, basis, lessened)
    few = few_differences_interval(contributions(mine.draws - theirs.draws, images), images, rule.confidence)
    return Interval(min(drawn.low, few.low), max(drawn.high, few.high))


def _images_to_see(images: int, mine: Score, theirs: Score) -> int | None:
    """Images for a standard error of the paired difference that shows 3 points (Cohen, Statistical Power Analysis, 1988)."""
    differences = mine.draws - theirs.draws
    spread = float(np.std(differences[~np.isnan(differences)]))
    return ceil(images * (POWER_Z * spread / SEEN) ** 2) if spread > 1e-9 else None


def _judge(mine: Score, theirs: Score, interval: Interval, basis: Basis, rule: Rule, *, is_first: bool) -> Decision:
    """Apply the rule to the paired difference."""
    own = mine.interval(rule.confidence)
    floor = 0.0 if is_first else -rule.margin
    return Decision(
        is_promoted=interval.low > floor or floor <= -1,
        why="",
        classes_left_out=basis.left_out,
        candidate_score=mine.value,
        candidate_low=own.low,
        candidate_high=own.high,
        rival_score=theirs.value,
        difference=mine.value - theirs.value,
        low=interval.low,
        high=interval.high,
        floor=floor,
    )


def _too_few(candidate: Matches, decision: Decision, rule: Rule) -> str:
    """A sentence if the test images are too few for an equal candidate to be shown to keep the margin."""
    least = least_margin(_images(candidate), rule.confidence)
    if decision.is_promoted or not decision.floor or least < rule.margin or candidate.group_count > rule.bootstrap_samples:
        return ""
    there = f"{candidate.images} test images in {candidate.group_count} groups"
    wanted = ceil(candidate.images * least / rule.margin)
    return (
        f"On {there} even a candidate that agrees with the champion on all of them is not shown to keep it, only a clearly better "
        f"one: label about {wanted} test images, or set gates.margin above {least:.3f}."
    )


def _images(matches: Matches) -> Integers:
    """Number of images of each split group."""
    found: Integers = np.bincount(matches.groups, minlength=matches.group_count)
    return found


def _why(decision: Decision, score: str, rival: str, rule: Rule) -> str:
    """The decision as a sentence in percentage points."""
    scores, span = (decision.candidate_score, decision.rival_score), (decision.difference, decision.low, decision.high)
    mine, theirs, difference, low, high = (100 * (value or 0.0) for value in (*scores, *span))
    return (
        f"{_outcome(decision, rival)} {score[0].upper()}{score[1:]} {mine:.1f} % against {theirs:.1f} %, a difference of "
        f"{difference:+.1f} points ({100 * rule.confidence:g} % interval {low:+.1f} to {high:+.1f})."
    )


def _outcome(decision: Decision, rival: str) -> str:
    """The outcome by the rule: not worse by more than the margin, or better if there is no margin."""
    if not decision.floor:
        return f"Promoted: better than {rival}." if decision.is_promoted else f"Not promoted: not shown to be better than {rival}."
    margin = f"{rival} by more than {-100 * decision.floor:g} points"
    return f"Promoted: not worse than {margin}." if decision.is_promoted else f"Not promoted: it may be worse than {margin}."
