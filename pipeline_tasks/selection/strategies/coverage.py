"""Coverage: images that represent the most images without a similar label; also with less weight for dense regions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_tasks.selection.objective import Objective, Spoken
from pipeline_tasks.selection.strategies.doubts import doubt_of
from pipeline_tasks.selection.strategies.strategy import Strategy

if TYPE_CHECKING:
    from pipeline_tasks.selection.coverage import Coverage
    from pipeline_tasks.selection.pool import Pool

DOUBT_WORTH_SAYING = 0.25
"""Trust in the model times its uncertainty about a pick, from which the reason mentions the uncertainty."""


def _coverage(pool: Pool) -> Objective:
    from pipeline_tasks.selection.coverage import Coverage
    from pipeline_tasks.selection.need import uncertain

    return _spoken(pool, Coverage(pool.units, pool.labelled, pool.budget, uncertain(pool)))


def _balanced_coverage(pool: Pool) -> Objective:
    from pipeline_tasks.selection.coverage import Coverage
    from pipeline_tasks.selection.need import uncertain_and_rare

    return _spoken(pool, Coverage(pool.units, pool.labelled, pool.budget, uncertain_and_rare(pool), crowding=0.5))


def _spoken(pool: Pool, coverage: Coverage) -> Objective:
    """Reason: the number of images that the pick represents, and the model's uncertainty if coverage uses it."""

    def reason_of(pick: int) -> str:
        others = coverage.stands_for(pick) - 1
        said = f"represents about {others} similar image{'s' if others > 1 else ''} that labels do not cover well yet"
        if others <= 0:
            said = "unlike the images around it and not covered by a label yet"
        return f"{said}; {doubt_of(pool, pick)}" if _is_doubted(pool, pick) else said

    return Spoken(coverage, reason_of)


def _is_doubted(pool: Pool, pick: int) -> bool:
    """Return True if coverage uses a model and the model is unsure of the pick."""
    from pipeline_tasks.selection.uncertainty import uncertainty

    if pool.beliefs is None or pool.model_trust * float(uncertainty(pool.beliefs[[pick]])[0]) < DOUBT_WORTH_SAYING:
        return False
    return pool.wishes.instance_beliefs is None


COVERAGE = Strategy(name="coverage", words="images that represent the most images without a similar label", objective=_coverage)
BALANCED_COVERAGE = Strategy(
    name="balanced_coverage",
    words="like coverage, with less weight for dense regions and more for classes that the model rarely predicts",
    objective=_balanced_coverage,
    is_in_form=False,
)
