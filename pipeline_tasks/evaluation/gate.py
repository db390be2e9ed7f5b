"""Decides whether a candidate may become champion, and says why in a sentence.

The rule (docs/design.md, section 8): the lower bound of (candidate - champion) in balanced accuracy must lie above minus
the margin; the first champion must beat always answering the most frequent class. Both are measured on the same draws.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipeline_tasks.evaluation.answers import Answers, always
from pipeline_tasks.evaluation.scores import BalancedAccuracy, balanced_accuracy, counted_classes, majority_class
from pipeline_tasks.intervals.bootstrap import draw_groups, percentile_interval

MIN_CLASSES = 2
"""A balanced metric over one class would be won by always answering it."""

NOTHING_TO_COMPARE = "Not promoted: the dataset version has no labelled test images, so nothing can be compared."


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
    """What was decided, on which figures."""

    is_promoted: bool
    why: str
    classes_left_out: tuple[str, ...] = ()
    candidate_score: float | None = None
    candidate_low: float | None = None
    candidate_high: float | None = None
    rival_score: float | None = None
    """The champion's; of the majority class where there is no champion."""
    difference: float | None = None
    low: float | None = None
    high: float | None = None


def decide(candidate: Answers, champion: Answers | None, rule: Rule) -> Decision:
    """Compare a candidate with the champion, or with the majority class if there is none yet."""
    if not candidate.truth.size:
        return Decision(False, NOTHING_TO_COMPARE)
    counted, left_out = counted_classes(candidate, rule.min_test_images_per_class)
    if len(counted) < MIN_CLASSES:
        return Decision(False, _too_few_classes(counted, rule), left_out)
    draws = draw_groups(candidate.group_count, rule.bootstrap_samples, rule.seed)
    rival = always(candidate, majority_class(candidate)) if champion is None else champion
    mine = balanced_accuracy(candidate, counted, draws)
    theirs = balanced_accuracy(rival, counted, draws)
    return _judge(mine, theirs, left_out, rule, is_first=champion is None)


def _judge(mine: BalancedAccuracy, theirs: BalancedAccuracy, left_out: tuple[str, ...], rule: Rule, *, is_first: bool) -> Decision:
    """Apply the rule to the paired difference."""
    interval, own = percentile_interval(mine.draws - theirs.draws, rule.confidence), mine.interval(rule.confidence)
    floor = 0.0 if is_first else -rule.margin
    decision = Decision(
        is_promoted=interval.low > floor,
        why="",
        classes_left_out=left_out,
        candidate_score=mine.value,
        candidate_low=own.low,
        candidate_high=own.high,
        rival_score=theirs.value,
        difference=mine.value - theirs.value,
        low=interval.low,
        high=interval.high,
    )
    rival = "always answering the most frequent class" if is_first else "the champion"
    return replace(decision, why=_why(decision, rival, floor, rule))


def _why(decision: Decision, rival: str, floor: float, rule: Rule) -> str:
    """The decision as a sentence in percentage points."""
    scores, span = (decision.candidate_score, decision.rival_score), (decision.difference, decision.low, decision.high)
    mine, theirs, difference, low, high = (100 * (value or 0.0) for value in (*scores, *span))
    limit = f"{100 * floor:+.1f}" if floor else "0"
    outcome, side = ("Promoted", "above") if decision.is_promoted else ("Not promoted", "not above")
    sentence = (
        f"{outcome}: balanced accuracy {mine:.1f} % against {theirs:.1f} % of {rival}, a difference of {difference:+.1f} points "
        f"({100 * rule.confidence:g} % interval {low:+.1f} to {high:+.1f}), whose lower bound is {side} {limit}."
    )
    if decision.classes_left_out:
        names = ", ".join(decision.classes_left_out)
        sentence += f" Left out for having fewer than {rule.min_test_images_per_class} test images: {names}."
    return sentence


def _too_few_classes(counted: tuple[str, ...], rule: Rule) -> str:
    return (
        f"Not promoted: {len(counted)} classes have at least {rule.min_test_images_per_class} test images, and a comparison "
        f"needs {MIN_CLASSES}."
    )
