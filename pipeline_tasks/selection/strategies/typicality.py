"""Typicality: images similar to many others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_tasks.selection.objective import Objective, Spoken
from pipeline_tasks.selection.strategies.strategy import Strategy

if TYPE_CHECKING:
    from pipeline_tasks.selection.pool import Pool


def _typicality(pool: Pool) -> Objective:
    from pipeline_tasks.selection.typicality import Typical

    said = "typical: similar to many other images, and unlike earlier labels and picks"
    return Spoken(Typical(pool.units, pool.labelled), lambda pick: said)


TYPICALITY = Strategy(name="typicality", words="images similar to many others", objective=_typicality)
