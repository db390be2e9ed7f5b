"""Division of the budget between a strategy and a control arm drawn at random, the strategy's baseline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline_tasks.neighbors.cosine import Integers


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


def interleave(control: int, strategy: int) -> list[Ranked]:
    """Order of the round: both arms spread evenly, so that an unfinished round has both in proportion."""
    places = [((number + 0.5) / control, "control", number) for number in range(control)]
    places += [((number + 0.5) / strategy, "strategy", number) for number in range(strategy)]
    return [Ranked(arm, number) for _, arm, number in sorted(places)]
