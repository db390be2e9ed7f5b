"""Errors of one image's predicted objects by their sort, for people to look at; figures do not depend on it.

Bolya et al., TIDE: A General Toolbox for Identifying Object Detection Errors, ECCV 2020, tells the same sorts apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipeline_tasks.kinds.matching.greedy import Flags, Floats, Integers

FOUND, SWAPPED, BADLY_PLACED, EXTRA, MISSED = "found", "swapped", "badly placed", "extra", "missed"
SORTS = (MISSED, EXTRA, SWAPPED, BADLY_PLACED)
ENOUGH, ALIKE = 0.5, 0.1
"""Likeness from which on an object is found, and from which on it was meant."""


@dataclass(frozen=True)
class Outcome:
    """A predicted or a true object, or both, and the sort of error that they are."""

    sort: str
    predicted: int | None
    """Number of the predicted object; None for a missed one."""
    true: int | None
    """Number of the true object; None for one that is not there."""
    likeness: float = 0.0


def outcomes(likeness: Floats, predicted_classes: Integers, true_classes: Integers) -> Iterator[Outcome]:
    """Every predicted object (the surest first) and every true one that none of them took, once.

    `likeness` is predicted x true. Right ones choose first, then those of another class in the same place, then badly placed ones.
    """
    is_same = predicted_classes[:, None] == true_classes[None]
    free, taken = np.ones(len(true_classes), bool), np.zeros(len(predicted_classes), bool)
    for sort, is_possible in (
        (FOUND, is_same & (likeness >= ENOUGH)),
        (SWAPPED, ~is_same & (likeness >= ENOUGH)),
        (BADLY_PLACED, is_same & (likeness >= ALIKE)),
    ):
        yield from _taken(sort, np.where(is_possible, likeness, -1.0), free, taken)
    yield from (Outcome(EXTRA, int(number), None) for number in np.flatnonzero(~taken))
    yield from (Outcome(MISSED, None, int(number)) for number in np.flatnonzero(free))


def _taken(sort: str, likeness: Floats, free: Flags, taken: Flags) -> Iterator[Outcome]:
    """Objects that are taken in this way; they are marked."""
    for number in np.flatnonzero(~taken):
        options = np.where(free, likeness[number], -1.0)
        best = int(options.argmax()) if options.size else 0
        if options.size and options[best] > 0:
            free[best], taken[number] = False, True
            yield Outcome(sort, int(number), best, float(options[best]))
