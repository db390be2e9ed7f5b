"""Uncertainty strategies: images that a model is unsure of, by its beliefs for the image or for objects in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_tasks.selection.objective import Objective, Scored
from pipeline_tasks.selection.strategies.strategy import Strategy

if TYPE_CHECKING:
    from pipeline_tasks.selection.instances import Measure
    from pipeline_tasks.selection.pool import Pool


def _margin(pool: Pool) -> Objective:
    from pipeline_tasks.selection.uncertainty import uncertainty

    return _scored(pool, uncertainty)


def _entropy(pool: Pool) -> Objective:
    from pipeline_tasks.selection.uncertainty import entropy

    return _scored(pool, entropy)


def _least_confidence(pool: Pool) -> Objective:
    from pipeline_tasks.selection.uncertainty import least_confidence

    return _scored(pool, least_confidence)


def _scored(pool: Pool, measure: Measure) -> Objective:
    from pipeline_tasks.selection.instances import of_images

    return Scored(of_images(pool, measure), lambda pick: doubt_of(pool, pick))


def doubt_of(pool: Pool, pick: int) -> str:
    """Reason: the two classes between which the model is undecided."""
    from pipeline_tasks.selection.instances import most_doubtful

    beliefs, instances = most_doubtful(pool, pick)
    if not instances:
        return "the model finds no object in it"
    second, first = beliefs.argsort(kind="stable")[-2:]
    one, other = (f"{pool.name_of(int(c))} ({beliefs[c]:.0%})" for c in (first, second))
    where = f"in one of {instances} objects that it finds, " if instances > 1 else ""
    return f"{where}the model is undecided between {one} and {other}"


MARGIN = Strategy(
    name="margin",
    words="images where the model is undecided between two classes",
    objective=_margin,
    needs_model=True,
    needs_beliefs=True,
    takes_instances=True,
)
ENTROPY = Strategy(
    name="entropy",
    words="images where the model's belief is spread over many names",
    objective=_entropy,
    needs_model=True,
    needs_beliefs=True,
    takes_instances=True,
)
LEAST_CONFIDENCE = Strategy(
    name="least_confidence",
    words="images where the model's best guess has little of its belief",
    objective=_least_confidence,
    needs_model=True,
    needs_beliefs=True,
    takes_instances=True,
)
