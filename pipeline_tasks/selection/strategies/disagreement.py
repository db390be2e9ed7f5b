"""BALD: images that variants of the model predict differently."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_tasks.selection.objective import Objective, Scored
from pipeline_tasks.selection.strategies.strategy import Strategy

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from pipeline_tasks.selection.pool import Pool


def _bald(pool: Pool) -> Objective:
    from pipeline_tasks.selection.disagreement import disagreement, draws_of

    draws = draws_of(pool)
    return Scored(disagreement(draws), lambda pick: _reason(pool, draws, pick))


def _reason(pool: Pool, draws: npt.NDArray[np.float32], pick: int) -> str:
    from pipeline_tasks.selection.disagreement import votes_of

    said = [f"{pool.name_of(number)} ({votes} of {len(draws)})" for number, votes in votes_of(draws, pick)[:2]]
    if len(said) == 1:
        return f"variants of the model all predict {said[0]}, but some are much less sure than others"
    return f"variants of the model disagree: {' against '.join(said)}"


BALD = Strategy(
    name="bald",
    words="images that variants of the model predict differently",
    objective=_bald,
    needs_model=True,
    needs_beliefs=True,
    needs_draws=True,
)
