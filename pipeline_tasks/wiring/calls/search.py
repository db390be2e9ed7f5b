"""Calls of the stages of `search`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_tasks.wiring.arguments import StageArguments
from pipeline_tasks.wiring.services import Services

if TYPE_CHECKING:
    from pipeline_tasks.records.choose_settings import ChooseSettingsSummary
    from pipeline_tasks.records.open_search import OpenSearchSummary
    from pipeline_tasks.records.run_trial import RunTrialSummary
    from pipeline_tasks.records.write_search_report import WriteSearchReportSummary


def open_search(services: Services, arguments: StageArguments) -> OpenSearchSummary:
    """Run `stages.search.open_search`."""
    from pipeline_tasks.stages.search.open_search import open_search

    return open_search(
        store=services.store,
        opening=services.opening(arguments.run_key),
        trials=arguments.trials,
        seed=arguments.seed,
    )


def run_trial(services: Services, arguments: StageArguments) -> RunTrialSummary:
    """Run `stages.search.run_trial`."""
    from pipeline_tasks.stages.search.run_trial import run_trial

    return run_trial(
        store=services.store,
        cycle=services.cycle,
        trial=arguments.trial,
        decoder=services.decoder,
        backbone=services.backbone,
        work_folder=services.work_folder,
    )


def choose_settings(services: Services, _: StageArguments) -> ChooseSettingsSummary:
    """Run `stages.search.choose_settings`."""
    from pipeline_tasks.stages.search.choose_settings import choose_settings

    return choose_settings(
        store=services.store,
        cycle=services.cycle,
        decoder=services.decoder,
        backbone=services.backbone,
        work_folder=services.work_folder,
    )


def write_search_report(services: Services, _: StageArguments) -> WriteSearchReportSummary:
    """Run `stages.search.write_search_report`."""
    from pipeline_tasks.stages.search.write_search_report import write_search_report

    return write_search_report(services.store, services.cycle)


CALLS = (
    open_search,
    run_trial,
    choose_settings,
    write_search_report,
)
