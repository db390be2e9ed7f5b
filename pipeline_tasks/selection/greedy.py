"""Pick one by one the row with the highest weighted sum of objectives, exactly, without scoring all rows at each step.

Values of objectives only fall as more is picked, so an old value is an upper bound: only the highest old values are brought up to
date until the best is fresh (lazy greedy; Minoux 1978). The picks are those of the plain greedy method.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from pipeline_tasks.neighbors.cosine import Integers
from pipeline_tasks.selection.objectives import Objective

REFRESH = 256
"""How many of the highest old values are brought up to date at once."""


def pick_greedily(
    objectives: Mapping[str, Objective], weights: Mapping[str, float], is_free: npt.NDArray[np.bool_], budget: int
) -> tuple[Integers, dict[str, npt.NDArray[np.float64]]]:
    """Up to `budget` of the free rows, best first, and each objective's value of each pick when it was picked."""
    rows = np.flatnonzero(is_free)
    bounds = np.full(len(is_free), -np.inf)
    bounds[rows] = _value(objectives, weights, rows)
    fresh_at = np.zeros(len(is_free), np.int64)
    picks: list[int] = []
    scores: dict[str, list[float]] = {name: [] for name in objectives}
    for step in range(min(budget, len(rows))):
        pick = _best(objectives, weights, bounds, fresh_at, step)
        for name, objective in objectives.items():
            scores[name].append(float(objective.values(np.array([pick]))[0]))
            objective.add(pick)
        picks.append(pick)
        bounds[pick] = -np.inf
    return np.array(picks, np.int64), {name: np.array(values) for name, values in scores.items()}


def _best(
    objectives: Mapping[str, Objective],
    weights: Mapping[str, float],
    bounds: npt.NDArray[np.float64],
    fresh_at: Integers,
    step: int,
) -> int:
    """The row with the highest fresh value; of equal ones the first."""
    while True:
        best = int(bounds.argmax())
        if fresh_at[best] == step:
            return best
        count = min(REFRESH, len(bounds))
        highest = np.argpartition(-bounds, count - 1)[:count]
        stale = highest[(fresh_at[highest] < step) & np.isfinite(bounds[highest])]
        # The best itself may fall outside the partition among equal values; without it the loop would not end.
        stale = np.unique(np.append(stale, best))
        bounds[stale] = _value(objectives, weights, stale)
        fresh_at[stale] = step


def _value(objectives: Mapping[str, Objective], weights: Mapping[str, float], rows: Integers) -> npt.NDArray[np.float64]:
    total = np.zeros(len(rows))
    for name, objective in objectives.items():
        total += weights[name] * objective.values(rows)
    return total
