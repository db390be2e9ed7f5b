"""Calls of the stages of `deploy`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_tasks.wiring.arguments import StageArguments
from pipeline_tasks.wiring.services import Services

if TYPE_CHECKING:
    from pipeline_tasks.records.measure_selection_gain import MeasureSelectionGainSummary
    from pipeline_tasks.records.promote_model import PromoteModelSummary
    from pipeline_tasks.records.roll_back import RollBackSummary
    from pipeline_tasks.records.roll_out import RollOutSummary
    from pipeline_tasks.records.sign_off import SignOffSummary
    from pipeline_tasks.records.write_cycle_report import WriteCycleReportSummary


def sign_off(services: Services, arguments: StageArguments) -> SignOffSummary:
    """Run `stages.deploy.sign_off`."""
    from pipeline_tasks.stages.deploy.sign_off import sign_off

    return sign_off(services.store, services.cycle, services.now, arguments.sign_off_reply)


def promote_model(services: Services, arguments: StageArguments) -> PromoteModelSummary:
    """Run `stages.deploy.promote_model`."""
    from pipeline_tasks.stages.deploy.promote_model import promote_model

    return promote_model(
        store=services.store,
        cycle=services.cycle,
        model_registry=services.model_registry,
        is_last_try=arguments.is_last_try,
    )


def roll_out(services: Services, _: StageArguments) -> RollOutSummary:
    """Run `stages.deploy.roll_out`."""
    from pipeline_tasks.stages.deploy.roll_out import roll_out

    return roll_out(store=services.store, cycle=services.cycle, prediction_server=services.prediction_server)


def measure_selection_gain(services: Services, _: StageArguments) -> MeasureSelectionGainSummary:
    """Run `stages.deploy.measure_selection_gain`."""
    from pipeline_tasks.stages.deploy.measure_selection_gain import measure_selection_gain

    return measure_selection_gain(services.store, services.cycle)


def write_cycle_report(services: Services, arguments: StageArguments) -> WriteCycleReportSummary:
    """Run `stages.deploy.write_cycle_report`."""
    from pipeline_tasks.stages.deploy.write_cycle_report import write_cycle_report

    return write_cycle_report(store=services.store, cycle=services.cycle, now=services.now, failed_stages=arguments.failed_stages)


def roll_back(services: Services, arguments: StageArguments) -> RollBackSummary:
    """Run `stages.deploy.roll_back`."""
    from pipeline_tasks.stages.deploy.roll_back import roll_back

    return roll_back(
        store=services.store,
        opening=services.opening_beside(arguments.run_key),
        model_registry=services.model_registry,
        to_model_digest=arguments.to_model_digest,
        is_last_try=arguments.is_last_try,
    )


CALLS = (
    sign_off,
    promote_model,
    roll_out,
    measure_selection_gain,
    write_cycle_report,
    roll_back,
)
