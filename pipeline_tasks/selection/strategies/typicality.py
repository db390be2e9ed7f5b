"""Typicality: what is much like many others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_tasks.selection.objective import Objective, Spoken
from pipeline_tasks.selection.strategies.strategy import Strategy

if TYPE_CHECKING:
    from pipeline_tasks.selection.pool import Pool


def _typicality(pool: Pool) -> Objective:
    from pipeline_tasks.selection.typicality import Typical

    said = "typical: much like many other images, and unlike what was labelled or picked before it"
    return Spoken(Typical(pool.units, pool.labelled), lambda pick: said)


TYPICALITY = Strategy(name="typicality", words="what is much like many others", objective=_typicality)
