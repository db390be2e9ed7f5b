"""Share a budget between what a strategy chooses and a control arm drawn at random, to measure the strategy against."""

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
    """Which of its arm's picks, from 0."""


def draw_control(pool: int, budget: int, control_ratio: float, seed: int) -> Integers:
    """Rows of the control arm, each of the pool's equally likely; at most its share of what can be picked."""
    count = round(min(budget, pool) * control_ratio)
    drawn: Integers = np.random.default_rng(seed).permutation(pool)[:count].astype(np.int64)
    return drawn


def interleave(control: int, strategy: int) -> list[Ranked]:
    """The round's order: both arms spread evenly, so that a round that is broken off has both in their shares."""
    places = [((number + 0.5) / control, "control", number) for number in range(control)]
    places += [((number + 0.5) / strategy, "strategy", number) for number in range(strategy)]
    return [Ranked(arm, number) for _, arm, number in sorted(places)]
