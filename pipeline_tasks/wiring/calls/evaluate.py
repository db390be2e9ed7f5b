"""Calls of the stages of `evaluate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_tasks.wiring.arguments import StageArguments
from pipeline_tasks.wiring.services import Services

if TYPE_CHECKING:
    from pipeline_tasks.records.compare_with_champion import CompareWithChampionSummary
    from pipeline_tasks.records.evaluate_model import EvaluateModelSummary


def evaluate_model(services: Services, arguments: StageArguments) -> EvaluateModelSummary:
    """Run `stages.evaluate.evaluate_model`."""
    from pipeline_tasks.stages.evaluate.evaluate_model import evaluate_model

    return evaluate_model(
        store=services.store,
        cycle=services.cycle,
        decoder=services.decoder,
        model_registry=services.model_registry,
        is_last_try=arguments.is_last_try,
        experiment_log=services.experiment_log,
    )


def compare_with_champion(services: Services, _: StageArguments) -> CompareWithChampionSummary:
    """Run `stages.evaluate.compare_with_champion`."""
    from pipeline_tasks.stages.evaluate.compare_with_champion import compare_with_champion

    return compare_with_champion(services.store, services.cycle)


CALLS = (
    evaluate_model,
    compare_with_champion,
)
