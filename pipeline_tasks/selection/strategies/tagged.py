"""Tagged images: more like them, anything but them, or what answers the questions that they leave open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_tasks.selection.objective import Objective, Scored, Spoken
from pipeline_tasks.selection.strategies.strategy import Strategy

if TYPE_CHECKING:
    from pipeline_tasks.selection.pool import Pool


def _similar_to(pool: Pool) -> Objective:
    from pipeline_tasks.selection.tagged import likeness

    return Scored(likeness(pool, "similar_to"), lambda pick: "like the example images that more was asked of")


def _away_from(pool: Pool) -> Objective:
    from pipeline_tasks.selection.tagged import likeness

    return Scored(1 - likeness(pool, "away_from"), lambda pick: "unlike the images that were tagged as known well enough")


def _errors(pool: Pool) -> Objective:
    from pipeline_tasks.selection.tagged import Answering

    return Spoken(Answering(pool, "errors"), lambda pick: "near images that the model got wrong")


def _drifted(pool: Pool) -> Objective:
    from pipeline_tasks.selection.tagged import Answering

    return Spoken(Answering(pool, "drifted"), lambda pick: "near images from production that differ from what was learnt")


SIMILAR_TO = Strategy(name="similar_to", words="more like the images of selection.similar_to", objective=_similar_to)
AWAY_FROM = Strategy(name="away_from", words="unlike the images of selection.away_from", objective=_away_from)
ERRORS = Strategy(name="errors", words="near labelled images that the model gets wrong", objective=_errors, needs_model=True)
DRIFTED = Strategy(
    name="drifted",
    words="near images from production that differ from what was learnt",
    objective=_drifted,
    is_in_form=False,
)
