"""Comparison of a challenger with the champion by several rules: promote, hold or roll back, with a figure a rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline_tasks.rollout.evidence import BadOutcomes, evidence_of_less, evidence_of_more

Decision = Literal["promote", "hold", "roll back"]


@dataclass(frozen=True)
class Limits:
    """Limits of a comparison."""

    false_rollback: float = 0.02
    """Chance that a challenger that is no worse in anything is ever rolled back, over all rules and all looks."""
    false_promotion: float = 0.05
    """Chance that one that is `most_ratio` times worse in something is ever proven good."""
    most_ratio: float = 2.0
    """A challenger is good enough if its outcomes are bad less than so many times as often."""


@dataclass(frozen=True)
class RuleFigures:
    """Figures of one rule."""

    rule: str
    """Such as `errors`, `slow answers` or `wrong on nut`."""
    challenger: int
    """Bad outcomes."""
    champion: int
    evidence_of_worse: float
    """e-value; a challenger that is no worse exceeds x with a chance of at most 1 / x, ever."""
    evidence_of_good: float
    """e-value; one that is `most_ratio` times worse exceeds x with a chance of at most 1 / x, ever."""


@dataclass(frozen=True)
class Comparison:
    """Decision with its figures, in the order of the rules."""

    decision: Decision
    why: str
    rules: tuple[RuleFigures, ...]


def compare(seen: Mapping[str, Sequence[BadOutcomes]], limits: Limits) -> Comparison:
    """Compare by each rule; call it as often as you like, always with the same rules and all outcomes so far.

    It rolls back if one rule has evidence enough for all of them (Bonferroni), and promotes only if every rule has evidence of its
    own: a challenger that is bad in one thing is promoted no more often than that rule errs.

    Raises:
        ValueError: there is no rule.
    """
    if not seen:
        raise ValueError("wanted at least one rule, found none")
    figures = tuple(_figures(rule, outcomes, limits) for rule, outcomes in seen.items())
    enough, proof = len(figures) / limits.false_rollback, 1 / limits.false_promotion
    worst = max(figures, key=lambda one: one.evidence_of_worse)
    if worst.evidence_of_worse >= enough:
        return Comparison("roll back", f"{_counts(worst)}; evidence {worst.evidence_of_worse:.3g} of {enough:.3g}.", figures)
    least = min(figures, key=lambda one: one.evidence_of_good)
    if least.evidence_of_good >= proof:
        return Comparison("promote", f"No rule is worse by {limits.most_ratio:g} times; the least sure: {_counts(least)}.", figures)
    found = f"evidence {least.evidence_of_good:.3g} of {proof:.3g} that it is not worse by {limits.most_ratio:g} times"
    return Comparison("hold", f"{_counts(least)}; {found}.", figures)


def _figures(rule: str, seen: Sequence[BadOutcomes], limits: Limits) -> RuleFigures:
    mine, theirs = sum(one.challenger for one in seen), sum(one.champion for one in seen)
    return RuleFigures(rule, mine, theirs, evidence_of_more(seen), evidence_of_less(seen, limits.most_ratio))


def _counts(one: RuleFigures) -> str:
    return f"{one.rule}: {one.challenger} of the challenger, {one.champion} of the champion"
