"""Scorecards of people: accuracy with an interval, and who is paused.

A person is judged by what the model and the other people believe about the same images, never by beliefs that contain the vote in
question. Both figures rest on one likelihood: a vote for a name that is believed with r is right with chance a r and wrong
with (1 - a) (1 - r) / (names - 1), which discounts images about which little is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np

from pipeline_tasks.label_quality.votes import Booleans, Floats, Integers

WRONGLY_PAUSED = 0.01
"""Largest chance that somebody at or above the floor is ever paused (Ville 1939)."""
DOUBT = 0.05
"""Share of an even belief in every belief before somebody is paused: models and people are more certain than they should be."""
GRID = 200


@dataclass(frozen=True)
class Accuracies:
    """Share of right votes by person, with its interval; an even prior."""

    mean: Floats
    low: Floats
    high: Floats


def accuracies(people: Integers, believed: Floats, people_count: int, name_count: int, confidence: float = 0.95) -> Accuracies:
    """Accuracy of people from N votes: the person, and the belief in the voted name without this vote."""
    grid = (np.arange(GRID) + 0.5) / GRID
    logs = np.zeros((people_count, GRID))
    for column, one in enumerate(grid):
        logs[:, column] = np.bincount(people, np.log(_likelihood(believed, one, name_count, 0.0)), people_count)
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    below = np.cumsum(weights, axis=1)
    tail = (1 - confidence) / 2
    low, high = (grid[np.minimum((below < one).sum(axis=1), GRID - 1)] for one in (tail, 1 - tail))
    return Accuracies(weights @ grid, low, high)


def default_floor(name_count: int) -> float:
    """Accuracy midway between chance and certainty."""
    return (1 + 1 / name_count) / 2


def is_paused(people: Integers, believed: Floats, people_count: int, name_count: int, floor: float) -> Booleans:
    """Decide by N votes in the order of their time who is paused now.

    A sequential test of guessing against the accuracy `floor` (Wald 1945): a person is paused as soon as guessing explains the
    votes so far 1 / `WRONGLY_PAUSED` times as well, and again free when it explains them no better. Nobody at or above the
    floor is ever paused with a larger chance than `WRONGLY_PAUSED`, however often they are judged.
    """
    guessing, at_floor = (_likelihood(believed, one, name_count, DOUBT) for one in (1 / name_count, floor))
    steps = np.log(guessing) - np.log(at_floor)
    paused = np.zeros(people_count, bool)
    totals = np.zeros(people_count)
    for person, step in zip(people.tolist(), steps.tolist(), strict=True):
        totals[person] += step
        paused[person] = totals[person] >= log(1 / WRONGLY_PAUSED) or (paused[person] and totals[person] > 0)
    return paused


def _likelihood(believed: Floats, accuracy: float, name_count: int, doubt: float) -> Floats:
    """Chance of each vote by a person of this accuracy."""
    belief = (1 - doubt) * believed + doubt / name_count
    return accuracy * belief + (1 - accuracy) * (1 - belief) / max(name_count - 1, 1)
