"""Strategies by metadata: values with too few labels, or with weights from the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_tasks.selection.objective import Objective, Scored
from pipeline_tasks.selection.strategies.strategy import Strategy

if TYPE_CHECKING:
    from pipeline_tasks.selection.pool import Pool


def _metadata_balance(pool: Pool) -> Objective:
    from pipeline_tasks.selection.needs import metadata_balance

    return metadata_balance(pool, "which has fewer labels than its share")


def _metadata_weight(pool: Pool) -> Objective:
    from pipeline_tasks.selection.needs import metadata_weights

    weights, keys = metadata_weights(pool), ", ".join(pool.wishes.metadata_weights)
    return Scored(weights / max(float(weights.max(initial=0)), 1e-12), lambda pick: f"its {keys} weighs {weights[pick]:g}")


METADATA_BALANCE = Strategy(
    name="metadata_balance",
    words="metadata values below selection.metadata_targets, or below equal shares",
    objective=_metadata_balance,
)
METADATA_WEIGHT = Strategy(
    name="metadata_weight",
    words="metadata values with a high selection.metadata_weights",
    objective=_metadata_weight,
)
