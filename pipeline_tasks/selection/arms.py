"""Division of the budget between a strategy and a control arm drawn at random, the strategy's baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from pipeline_tasks.neighbors.cosine import Integers
from pipeline_tasks.selection.pool import Metadata
from pipeline_tasks.selection.whole_clips import draw_units, sizes_in_order


@dataclass(frozen=True)
class Ranked:
    """One pick in the round's order."""

    arm: str
    """`control` or `strategy`."""
    number: int
    """Position among its arm's picks, from 0."""


def draw_control(pool: int, budget: int, control_ratio: float, seed: int) -> Integers:
    """Draw rows of the control arm, uniformly from the pool; at most its share of the possible picks."""
    count = round(min(budget, pool) * control_ratio)
    drawn: Integers = np.random.default_rng(seed).permutation(pool)[:count].astype(np.int64)
    return drawn


def draw_control_rows(
    rows: Integers, metadata: Sequence[Metadata], budget: int, control_ratio: float, seed: int, *, whole_clips: bool
) -> Integers:
    """The control arm among these rows of the pool; with `whole_clips` every clip has the same chance, and comes whole."""
    if whole_clips:
        return draw_units(metadata, rows.tolist(), budget, control_ratio, seed)
    drawn: Integers = rows[draw_control(len(rows), budget, control_ratio, seed)]
    return drawn


def round_order(control: Integers, strategy: Integers, metadata: Sequence[Metadata], *, whole_clips: bool) -> list[Ranked]:
    """Order of the round's picks; with `whole_clips` the images of a clip follow each other."""
    if whole_clips:
        return interleave_units(sizes_in_order(metadata, control), sizes_in_order(metadata, strategy))
    return interleave(len(control), len(strategy))


def interleave(control: int, strategy: int) -> list[Ranked]:
    """Order of the round: both arms spread evenly, so that an unfinished round has both in proportion."""
    return interleave_units([1] * control, [1] * strategy)


def interleave_units(control: Sequence[int], strategy: Sequence[int]) -> list[Ranked]:
    """The same for units of so many picks, such as clips: the picks of one follow each other."""
    places = [*_places("control", control), *_places("strategy", strategy)]
    return [Ranked(arm, first + number) for _, arm, first, size in sorted(places) for number in range(size)]


def _places(arm: str, sizes: Sequence[int]) -> list[tuple[float, str, int, int]]:
    """The place of each unit's middle in the order, from 0 to 1, with its first pick and its size."""
    ends = list(accumulate(sizes))
    return [((end - size / 2) / ends[-1], arm, end - size, size) for end, size in zip(ends, sizes, strict=True)]
