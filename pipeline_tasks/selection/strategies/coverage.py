"""Coverage: what stands for most images that no label stands for, and the same with crowds counting less."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_tasks.selection.objective import Objective, Spoken
from pipeline_tasks.selection.strategies.doubts import doubt_of
from pipeline_tasks.selection.strategies.strategy import Strategy

if TYPE_CHECKING:
    from pipeline_tasks.selection.coverage import Coverage
    from pipeline_tasks.selection.pool import Pool

DOUBT_WORTH_SAYING = 0.25
"""Trust in the model times its uncertainty about a pick from which the reason names the doubt."""


def _coverage(pool: Pool) -> Objective:
    from pipeline_tasks.selection.coverage import Coverage
    from pipeline_tasks.selection.need import uncertain

    return _spoken(pool, Coverage(pool.units, pool.labelled, pool.budget, uncertain(pool)))


def _balanced_coverage(pool: Pool) -> Objective:
    from pipeline_tasks.selection.coverage import Coverage
    from pipeline_tasks.selection.need import uncertain_and_rare

    return _spoken(pool, Coverage(pool.units, pool.labelled, pool.budget, uncertain_and_rare(pool), crowding=0.5))


def _spoken(pool: Pool, coverage: Coverage) -> Objective:
    """Say how many images the pick stands for, and the model's doubt where coverage listens to it."""

    def say(pick: int) -> str:
        others = coverage.stands_for(pick) - 1
        said = f"stands for about {others} similar image{'s' if others > 1 else ''} that labels do not cover well yet"
        if others <= 0:
            said = "unlike the images around it and not covered by a label yet"
        return f"{said}; {doubt_of(pool, pick)}" if _is_doubted(pool, pick) else said

    return Spoken(coverage, say)


def _is_doubted(pool: Pool, pick: int) -> bool:
    """Tell whether a model that coverage listens to is unsure of the pick."""
    from pipeline_tasks.selection.uncertainty import uncertainty

    if pool.probabilities is None or pool.model_trust * float(uncertainty(pool.probabilities[[pick]])[0]) < DOUBT_WORTH_SAYING:
        return False
    return pool.wishes.part_probabilities is None


COVERAGE = Strategy(name="coverage", words="what stands for most images that no label stands for", objective=_coverage)
BALANCED_COVERAGE = Strategy(
    name="balanced_coverage",
    words="the same, but a crowd counts less than its images, and classes that the model sees seldom count more",
    objective=_balanced_coverage,
    is_in_form=False,
)
