"""Calls of the stages of `tend`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_tasks.wiring.arguments import StageArguments
from pipeline_tasks.wiring.services import Services

if TYPE_CHECKING:
    from pipeline_tasks.records.ask_for_slice import AskForSliceSummary
    from pipeline_tasks.records.backfill import BackfillSummary
    from pipeline_tasks.records.collect_garbage import CollectGarbageSummary
    from pipeline_tasks.records.erase import EraseSummary
    from pipeline_tasks.records.pause_labeling import PauseLabelingSummary
    from pipeline_tasks.records.plan_collection import PlanCollectionSummary
    from pipeline_tasks.records.restore_dataset_version import RestoreDatasetVersionSummary
    from pipeline_tasks.records.resume_labeling import ResumeLabelingSummary
    from pipeline_tasks.records.write_storage_report import WriteStorageReportSummary


def restore_dataset_version(services: Services, arguments: StageArguments) -> RestoreDatasetVersionSummary:
    """Run `stages.tend.restore_dataset_version`."""
    from pipeline_tasks.stages.tend.restore_dataset_version import restore_dataset_version

    return restore_dataset_version(services.store, services.opening_beside(arguments.run_key), arguments.dataset_id)


def pause_labeling(services: Services, arguments: StageArguments) -> PauseLabelingSummary:
    """Run `stages.tend.pause_labeling`."""
    from pipeline_tasks.stages.tend.pause_labeling import pause_labeling

    return pause_labeling(services.store, services.opening_beside(arguments.run_key))


def resume_labeling(services: Services, arguments: StageArguments) -> ResumeLabelingSummary:
    """Run `stages.tend.resume_labeling`."""
    from pipeline_tasks.stages.tend.resume_labeling import resume_labeling

    return resume_labeling(services.store, services.opening_beside(arguments.run_key))


def ask_for_slice(services: Services, arguments: StageArguments) -> AskForSliceSummary:
    """Run `stages.tend.ask_for_slice`."""
    from pipeline_tasks.stages.tend.ask_for_slice import ask_for_slice

    return ask_for_slice(
        store=services.store,
        opening=services.opening_beside(arguments.run_key),
        number=arguments.slice_number,
        images=arguments.slice_images,
        of_cycle=arguments.of_cycle,
    )


def plan_collection(services: Services, arguments: StageArguments) -> PlanCollectionSummary:
    """Run `stages.tend.plan_collection`."""
    from pipeline_tasks.stages.tend.plan_collection import plan_collection

    return plan_collection(
        store=services.store,
        opening=services.opening_beside(arguments.run_key),
        is_dry_run=arguments.is_dry_run,
    )


def collect_garbage(services: Services, _: StageArguments) -> CollectGarbageSummary:
    """Run `stages.tend.collect_garbage`."""
    from pipeline_tasks.stages.tend.collect_garbage import collect_garbage

    return collect_garbage(services.store, services.cycle)


def write_storage_report(services: Services, _: StageArguments) -> WriteStorageReportSummary:
    """Run `stages.tend.write_storage_report`."""
    from pipeline_tasks.stages.tend.write_storage_report import write_storage_report

    return write_storage_report(services.store, services.cycle)


def backfill(services: Services, arguments: StageArguments) -> BackfillSummary:
    """Run `stages.tend.backfill`."""
    from pipeline_tasks.stages.tend.backfill import backfill

    return backfill(
        store=services.store,
        opening=services.opening_beside(arguments.run_key),
        decoder=services.decoder,
        images_a_cycle=arguments.images_a_cycle,
    )


def erase(services: Services, arguments: StageArguments) -> EraseSummary:
    """Run `stages.tend.erase`."""
    from pipeline_tasks.stages.tend.erase import erase

    return erase(
        store=services.store,
        opening=services.opening_beside(arguments.run_key),
        outside_copies=services.outside_copies,
        image_ids=arguments.image_ids,
        label_studio=services.label_studio_if_there,
    )


CALLS = (
    restore_dataset_version,
    pause_labeling,
    resume_labeling,
    ask_for_slice,
    plan_collection,
    collect_garbage,
    write_storage_report,
    backfill,
    erase,
)
