"""Greedy picking of the row with the highest weighted sum of objectives, exact, without scoring all rows at each step.

Values of objectives only fall with more picks, so an old value is an upper bound: only the highest old values are updated until
the best is up to date (lazy greedy; Minoux 1978). The rows with the highest bounds form a block; while the block's best value is
above every bound outside, the rest of the pool is not read. The picks equal those of the plain greedy method. Sums may take turns:
each has its own ranking, and all objectives are updated with every pick.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline_tasks.neighbors.cosine import Integers
from pipeline_tasks.selection.objective import Objective

BLOCK = 4096
"""Size of the block of highest bounds between two passes over the whole pool; doubled while it is too small."""
REFRESH = 128
"""Number of a block's highest old values that are updated at once."""


@dataclass(frozen=True)
class Picked:
    """Rows in order of picking."""

    rows: Integers
    scores: dict[str, npt.NDArray[np.float64]]
    """Each objective's value of each pick at the time of picking."""
    turns: Integers
    """The turn of each pick."""


def pick_greedily(
    objectives: Mapping[str, Objective],
    turns: Sequence[Mapping[str, float]],
    is_free: npt.NDArray[np.bool_],
    budget: int,
    may_pick: Callable[[int], bool] = lambda row: True,
) -> Picked:
    """Pick up to `budget` of the free rows; `turns` are the weights of the sums that pick in turn.

    A row that `may_pick` refuses is skipped for good.
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
    """Distinct sums; equal ones share a ranking."""
    return [weights for number, weights in enumerate(turns) if weights not in turns[:number]]


class _Ranking:
    """Ranking of rows by upper bounds, of which only the highest are kept up to date."""

    def __init__(self, objectives: Mapping[str, Objective], weights: Mapping[str, float], is_free: npt.NDArray[np.bool_]) -> None:
        self._objectives = objectives
        self._weights = weights
        self._bounds = np.full(len(is_free), -np.inf)
        # Rows that are not free count as up to date, so that no refresh makes them candidates.
        self._fresh_at = np.where(is_free, -1, 0)
        self._now = 0
        free = np.flatnonzero(is_free)
        for first in range(0, len(free), BLOCK):
            self._refresh(free[first : first + BLOCK])
        self._block, self._outside = np.empty(0, np.int64), np.inf

    def take(self, row: int) -> None:
        """Remove this row."""
        self._bounds[row] = -np.inf

    def best(self) -> int:
        """The row with the highest current value; of equal ones the first in the block."""
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
                # Among equal values the best may fall outside the partition; without this the loop would not end.
                highest = self._block[_highest(bounds, REFRESH)]
                self._refresh(np.unique(np.append(highest, self._block[place])))

    def values_may_have_fallen(self) -> None:
        """Mark all values as bounds only, after a pick."""
        self._now += 1

    def _new_block(self, size: int) -> None:
        """Fill the block with the rows of the highest bounds, updated."""
        if size >= len(self._bounds):
            self._block, self._outside = np.arange(len(self._bounds)), -np.inf
        else:
            highest = _highest(self._bounds, size + 1)
            last = highest[self._bounds[highest].argmin()]
            self._block, self._outside = np.sort(highest[highest != last]), float(self._bounds[last])
        self._refresh(self._block)

    def _refresh(self, rows: Integers) -> None:
        """Update outdated rows, except removed ones."""
        stale = rows[(self._fresh_at[rows] < self._now) & ((self._bounds[rows] > -np.inf) | (self._fresh_at[rows] < 0))]
        total = np.zeros(len(stale))
        for name, objective in self._objectives.items():
            total += self._weights[name] * objective.values(stale)
        self._bounds[stale] = total
        self._fresh_at[stale] = self._now


def _highest(values: npt.NDArray[np.float64], count: int) -> Integers:
    """Positions of the `count` highest values, unordered."""
    if count >= len(values):
        return np.arange(len(values))
    return np.argpartition(values, len(values) - count)[len(values) - count :]
