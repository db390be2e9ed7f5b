"""Pick one by one the row with the highest weighted sum of objectives, exactly, without scoring all rows at each step.

Values of objectives only fall as more is picked, so an old value is an upper bound: only the highest old values are brought up to
date until the best is fresh (lazy greedy; Minoux 1978). The rows with the highest bounds form a block; as long as the block's best
fresh value is above every bound outside, the rest of the pool is not looked at. The picks are those of the plain greedy method.
Sums may take turns: each has a ranking of its own, and all objectives take notice of every pick.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline_tasks.neighbors.cosine import Integers
from pipeline_tasks.selection.objective import Objective

BLOCK = 4096
"""How many of the highest bounds are looked at between two looks at the whole pool; doubled while that is too few."""
REFRESH = 128
"""How many of the highest old values of a block are brought up to date at once."""


@dataclass(frozen=True)
class Picked:
    """Rows in the order in which they were picked."""

    rows: Integers
    scores: dict[str, npt.NDArray[np.float64]]
    """Each objective's value of each pick when it was picked."""
    turns: Integers
    """Whose turn each pick was."""


def pick_greedily(
    objectives: Mapping[str, Objective],
    turns: Sequence[Mapping[str, float]],
    is_free: npt.NDArray[np.bool_],
    budget: int,
    may_pick: Callable[[int], bool] = lambda row: True,
) -> Picked:
    """Up to `budget` of the free rows; `turns` are the weights of the sums that pick in turn, the first one first.

    A row that `may_pick` refuses when its turn comes is passed over for good.
    """
    rankings = [_Ranking({name: objectives[name] for name in weights}, weights, is_free) for weights in _different(turns)]
    ranking_of = [_different(turns).index(weights) for weights in turns]
    picks: list[int] = []
    scores: dict[str, list[float]] = {name: [] for name in objectives}
    for _ in range(int(is_free.sum())):
        if len(picks) >= budget:
            break
        pick = rankings[ranking_of[len(picks) % len(turns)]].best()
        for ranking in rankings:
            ranking.take(pick)
        if not may_pick(pick):
            continue
        for name, objective in objectives.items():
            scores[name].append(float(objective.values(np.array([pick]))[0]))
            objective.add(pick)
        picks.append(pick)
        for ranking in rankings:
            ranking.values_may_have_fallen()
    return Picked(
        np.array(picks, np.int64),
        {name: np.array(values) for name, values in scores.items()},
        np.arange(len(picks)) % len(turns),
    )


def _different(turns: Sequence[Mapping[str, float]]) -> list[Mapping[str, float]]:
    """Each sum once: equal ones share a ranking."""
    return [weights for number, weights in enumerate(turns) if weights not in turns[:number]]


class _Ranking:
    """Which row is best as of now, from upper bounds of which only the highest are kept fresh."""

    def __init__(self, objectives: Mapping[str, Objective], weights: Mapping[str, float], is_free: npt.NDArray[np.bool_]) -> None:
        self._objectives = objectives
        self._weights = weights
        self._bounds = np.full(len(is_free), -np.inf)
        # What is not free counts as brought up to date, so that no refresh makes it a candidate.
        self._fresh_at = np.where(is_free, -1, 0)
        self._now = 0
        free = np.flatnonzero(is_free)
        for first in range(0, len(free), BLOCK):
            self._refresh(free[first : first + BLOCK])
        self._block, self._outside = np.empty(0, np.int64), np.inf

    def take(self, row: int) -> None:
        """Never give this row again."""
        self._bounds[row] = -np.inf

    def best(self) -> int:
        """The row with the highest fresh value; of equal ones in the block the first."""
        size = BLOCK
        while True:
            bounds = self._bounds[self._block]
            place = int(bounds.argmax()) if len(bounds) else -1
            if place < 0 or bounds[place] < self._outside:
                self._new_block(size)
                size *= 2
            elif self._fresh_at[self._block[place]] == self._now:
                return int(self._block[place])
            else:
                # The best itself may fall outside the partition among equal values; without it the loop would not end.
                highest = self._block[_highest(bounds, REFRESH)]
                self._refresh(np.unique(np.append(highest, self._block[place])))

    def values_may_have_fallen(self) -> None:
        """Something was picked: values from before are only bounds now."""
        self._now += 1

    def _new_block(self, size: int) -> None:
        """Take the rows with the highest bounds into the block, up to date."""
        if size >= len(self._bounds):
            self._block, self._outside = np.arange(len(self._bounds)), -np.inf
        else:
            highest = _highest(self._bounds, size + 1)
            last = highest[self._bounds[highest].argmin()]
            self._block, self._outside = np.sort(highest[highest != last]), float(self._bounds[last])
        self._refresh(self._block)

    def _refresh(self, rows: Integers) -> None:
        """Bring rows up to date that are not, leaving out those that were taken."""
        stale = rows[(self._fresh_at[rows] < self._now) & ((self._bounds[rows] > -np.inf) | (self._fresh_at[rows] < 0))]
        total = np.zeros(len(stale))
        for name, objective in self._objectives.items():
            total += self._weights[name] * objective.values(stale)
        self._bounds[stale] = total
        self._fresh_at[stale] = self._now


def _highest(values: npt.NDArray[np.float64], count: int) -> Integers:
    """Where the `count` highest values stand, in no order."""
    if count >= len(values):
        return np.arange(len(values))
    return np.argpartition(values, len(values) - count)[len(values) - count :]
