"""Verdicts of people on doubted objects: each person's own objects are compared with the doubted one, at its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline_tasks.kinds.matching.errors import FOUND, MISSED, Outcome
from pipeline_tasks.label_errors.object_doubts import BADLY_PLACED, MISSING
from pipeline_tasks.label_errors.verdicts import FIXED, STANDS, UNCLEAR


def shares_doubt(wrong: str, likeness: float, outcome: Outcome) -> bool:
    """Return True if a person's annotation says that the doubt is right.

    `outcome` is that of the doubted object, or of the prediction that says what is missing, among the person's objects. `likeness`
    is that of the object and the prediction: an object is badly placed for who is nearer to the prediction than to the label.
    """
    if wrong == MISSING:
        return outcome.sort != MISSED
    if wrong == BADLY_PLACED and outcome.sort == FOUND:
        return outcome.likeness < (1 + likeness) / 2
    return outcome.sort != FOUND


def verdict_on_objects(votes: Mapping[int, Sequence[bool]]) -> str:
    """Verdict on a label from its doubts' numbers with one vote a person: fixed if most people share one of them.

    Whoever gave the label has voted for it, unless it came with a labelled set.
    """
    ahead = [2 * sum(shared) - len(shared) for shared in votes.values()]
    if any(one > 0 for one in ahead):
        return FIXED
    return STANDS if ahead and all(one < 0 for one in ahead) else UNCLEAR
