"""Outliers: rare and corner cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_tasks.selection.objective import Objective, Spoken
from pipeline_tasks.selection.strategies.strategy import Strategy

if TYPE_CHECKING:
    from pipeline_tasks.selection.pool import Pool


def _outliers(pool: Pool) -> Objective:
    from pipeline_tasks.selection.outliers import Outliers

    outliers = Outliers(pool)
    return Spoken(outliers, lambda pick: f"rare: farther from its nearest neighbours than {outliers.ranks[pick]:.0%} of the images")


OUTLIERS = Strategy(name="outliers", words="rare and corner cases: far from even the nearest neighbours", objective=_outliers)
