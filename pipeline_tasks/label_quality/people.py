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
HABIT = 0.1
"""Share of naming by habit, beside guessing, in what somebody is expected to do who does not look: most of them guess."""
CARES = 10
"""Accuracies from the floor to 1 that are compared with naming without looking."""


@dataclass(frozen=True)
class TimedVotes:
    """N votes in the order of their time."""

    people: Integers
    said: Integers
    """Numbers of names."""
    believed: Floats
    """Belief in the name of each vote, without this vote."""


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


def is_paused(votes: TimedVotes, people_count: int, name_count: int, floor: float) -> Booleans:
    """Decide by votes in the order of their time who is paused now.

    A person is paused as soon as naming without looking explains the votes so far 1 / `WRONGLY_PAUSED` times as well as any
    accuracy from `floor` up does, and again free when it explains them no better. Nobody at or above the floor is ever paused
    with a larger chance than `WRONGLY_PAUSED`, however often they are judged.
    """
    paused = np.zeros(people_count, bool)
    by_person = np.argsort(votes.people, kind="stable")
    ends = np.cumsum(np.bincount(votes.people, minlength=people_count))
    for person, rows in zip(range(people_count), np.split(by_person, ends[:-1]), strict=False):
        evidence = _evidence(votes.said[rows], votes.believed[rows], name_count, floor)
        over = np.flatnonzero(evidence >= log(1 / WRONGLY_PAUSED))
        paused[person] = bool(over.size) and not (evidence[over[-1] :] <= 0).any()
    return paused


def _evidence(said: Integers, believed: Floats, name_count: int, floor: float) -> Floats:
    """Logarithm of how much better naming without looking explains one person's votes than care does, after each vote.

    Without looking is mostly guessing evenly, and with a share of `HABIT` going by one's own shares of names, as somebody does who
    always says the same; care is the accuracy that explains the votes best, from the floor up (universal inference: Wasserman,
    Ramdas, Balakrishnan 2020, PNAS 117). 0 where this is above the floor: who always says what nearly all images are is not paused.
    """
    careful = np.array([np.log(_likelihood(believed, one, name_count, DOUBT)).cumsum() for one in np.linspace(floor, 1, CARES)])
    guessing = np.log(_likelihood(believed, 1 / name_count, name_count, DOUBT)).cumsum()
    number = np.arange(len(said))
    habit = np.log((_earlier(said) + 1 / name_count) / (number + 1)).cumsum()
    not_looking = np.logaddexp(guessing + log(1 - HABIT), habit + log(HABIT))
    found: Floats = np.where(careful.argmax(axis=0) == 0, not_looking - careful[0], 0.0)
    return found


def _earlier(said: Integers) -> Integers:
    """Number of earlier votes for the same name, for each vote."""
    order = np.argsort(said, kind="stable")
    sizes = np.unique(said, return_counts=True)[1]
    earlier = np.empty(len(said), np.int64)
    earlier[order] = np.arange(len(said)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return earlier


def _likelihood(believed: Floats, accuracy: float, name_count: int, doubt: float) -> Floats:
    """Chance of each vote by a person of this accuracy."""
    belief = (1 - doubt) * believed + doubt / name_count
    return accuracy * belief + (1 - accuracy) * (1 - belief) / max(name_count - 1, 1)
