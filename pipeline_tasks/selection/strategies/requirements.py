"""Requirements: minimum numbers of labels, by class or by metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_tasks.selection.objective import Objective
from pipeline_tasks.selection.strategies.strategy import Strategy

if TYPE_CHECKING:
    from pipeline_tasks.selection.pool import Pool


def _requirements(pool: Pool) -> Objective:
    from pipeline_tasks.selection.needs import requirements

    return requirements(pool, "which has fewer labels than required")


REQUIREMENTS = Strategy(
    name="requirements", words="classes or metadata values with fewer labels than selection.requirements", objective=_requirements
)
