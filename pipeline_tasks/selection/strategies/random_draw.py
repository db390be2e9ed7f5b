"""Random: a uniform draw, the baseline for other strategies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_tasks.selection.objective import Objective, Scored
from pipeline_tasks.selection.strategies.strategy import Strategy

if TYPE_CHECKING:
    from pipeline_tasks.selection.pool import Pool


def _random(pool: Pool) -> Objective:
    import numpy as np

    return Scored(np.random.default_rng(pool.seed).random(len(pool.units)), lambda pick: "drawn at random")


RANDOM = Strategy(name="random", words="a draw", objective=_random)
