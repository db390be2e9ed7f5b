"""Diversity: images farthest from everything labelled or picked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_tasks.selection.objective import Objective, Spoken
from pipeline_tasks.selection.strategies.strategy import Strategy

if TYPE_CHECKING:
    from pipeline_tasks.selection.pool import Pool


def _diversity(pool: Pool) -> Objective:
    from pipeline_tasks.selection.diversity import Diversity

    return Spoken(Diversity(pool.units, pool.labelled), lambda pick: "far from everything labelled or picked before it")


DIVERSITY = Strategy(name="diversity", words="images farthest from everything labelled or picked", objective=_diversity)
