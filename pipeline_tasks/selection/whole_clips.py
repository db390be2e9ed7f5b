"""Clips that are selected whole: a clip is one candidate, worth the mean of its frames, and costs all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby

import numpy as np
import numpy.typing as npt

from pipeline_tasks.neighbors.cosine import Integers
from pipeline_tasks.selection.clips import clip_of
from pipeline_tasks.selection.objective import Objective
from pipeline_tasks.selection.pool import Metadata

Values = npt.NDArray[np.float64]
Units = Mapping[int, Integers]
"""First row of a clip, or a row of no clip → its rows, in their order in time."""


def units_of(metadata: Sequence[Metadata], rows: Iterable[int]) -> dict[int, Integers]:
    """Clips among the rows; a row of no clip is a unit of its own."""
    frames: dict[str, list[int]] = defaultdict(list)
    units: dict[int, Integers] = {}
    for row in rows:
        clip = clip_of(metadata[row])
        if clip is None:
            units[row] = np.array([row], np.int64)
        else:
            frames[clip].append(row)
    for found in frames.values():
        units[found[0]] = np.array(sorted(found, key=lambda row: (_seen_s(metadata[row]), row)), np.int64)
    return dict(sorted(units.items()))


class OfUnits:
    """An objective of single rows as one of units: their mean, so that a long clip is not worth more by its length alone."""

    def __init__(self, inner: Objective, units: Units) -> None:
        """Ask `inner` about the rows of the units; it must have made no pick yet."""
        self._inner, self._units = inner, units
        self._best: dict[int, int] = {}

    def values(self, rows: Integers) -> Values:
        """Mean of the current values of each unit's rows; it only falls, as they do."""
        if not len(rows):
            return np.zeros(0)
        units = [self._units[row] for row in rows.tolist()]
        sizes = np.array([len(one) for one in units])
        values = self._inner.values(np.concatenate(units))
        means: Values = np.add.reduceat(values, np.cumsum(sizes) - sizes) / sizes
        return means

    def add(self, pick: int) -> None:
        """Take notice of all rows of a unit."""
        rows = self._units[pick]
        self._best[pick] = int(rows[np.argmax(self._inner.values(rows))])
        for row in rows.tolist():
            self._inner.add(row)

    def reason(self, pick: int) -> str:
        """Reason for the unit: that of its best row when it was picked."""
        return self._inner.reason(self._best[pick])


def fitting(units: Units, budget: int) -> Callable[[int], bool]:
    """Limit for picks of units: a unit passes, and counts, if all its rows are left in the budget."""
    left = budget

    def may_pick(row: int) -> bool:
        nonlocal left
        if len(units[row]) > left:
            return False
        left -= len(units[row])
        return True

    return may_pick


def draw_units(metadata: Sequence[Metadata], rows: Iterable[int], budget: int, ratio: float, seed: int) -> Integers:
    """Draw units uniformly until a share of the budget in rows is reached; the last may go beyond the share, not the budget."""
    units = list(units_of(metadata, rows).values())
    wanted = round(min(budget, sum(map(len, units))) * ratio)
    may_pick, drawn, count = fitting(dict(enumerate(units)), budget), [], 0
    for place in np.random.default_rng(seed).permutation(len(units)).tolist():
        if count < wanted and may_pick(place):
            drawn.append(units[place])
            count += len(units[place])
    return np.concatenate([np.empty(0, np.int64), *drawn])


def sizes_in_order(metadata: Sequence[Metadata], picks: npt.NDArray[np.int64]) -> list[int]:
    """Number of rows of each unit among picks of which each unit's rows follow each other."""
    named = [clip_of(metadata[row]) or row for row in picks.tolist()]
    return [len(list(frames)) for _, frames in groupby(named)]


def said_of_large(clips: Mapping[str, int], budget: int) -> str:
    """Sentence on clips that are larger than the budget, the largest first; empty if there are none."""
    if not clips:
        return ""
    named = ", ".join(f"{clip} ({count} images)" for clip, count in list(clips.items())[:3]) + (" …" if len(clips) > 3 else "")
    are = "1 clip is" if len(clips) == 1 else f"{len(clips)} clips are"
    return (
        f" {are} larger than the budget of {budget} and cannot be selected whole: {named}. "
        f"Set selection.budget to {max(clips.values())} or more, take fewer frames a clip, or set selection.clips to frames."
    )


def _seen_s(row: Metadata) -> float:
    found = row.get("seen_s")
    return float(found) if isinstance(found, int | float) else 0.0
