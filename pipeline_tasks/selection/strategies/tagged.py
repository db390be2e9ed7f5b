"""Strategies by tagged images: similar ones, dissimilar ones, or ones that help where the model errs or data drifts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_tasks.selection.objective import Objective, Scored, Spoken
from pipeline_tasks.selection.strategies.strategy import Strategy

if TYPE_CHECKING:
    from pipeline_tasks.selection.pool import Pool


def _similar_to(pool: Pool) -> Objective:
    from pipeline_tasks.selection.tagged import likeness

    return Scored(likeness(pool, "similar_to"), lambda pick: "similar to the example images")


def _away_from(pool: Pool) -> Objective:
    from pipeline_tasks.selection.tagged import likeness

    return Scored(1 - likeness(pool, "away_from"), lambda pick: "unlike the images tagged as sufficiently known")


def _errors(pool: Pool) -> Objective:
    from pipeline_tasks.selection.tagged import Demand

    return Spoken(Demand(pool, "errors"), lambda pick: "near images that the model got wrong")


def _drifted(pool: Pool) -> Objective:
    from pipeline_tasks.selection.tagged import Demand

    return Spoken(Demand(pool, "drifted"), lambda pick: "near images from production that differ from the training data")


SIMILAR_TO = Strategy(name="similar_to", words="images similar to selection.similar_to", objective=_similar_to)
AWAY_FROM = Strategy(name="away_from", words="images unlike selection.away_from", objective=_away_from)
ERRORS = Strategy(name="errors", words="near labelled images that the model gets wrong", objective=_errors, needs_model=True)
DRIFTED = Strategy(
    name="drifted",
    words="near images from production that differ from the training data",
    objective=_drifted,
    is_in_form=False,
)
