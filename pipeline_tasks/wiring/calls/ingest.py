"""Calls of the stages of `ingest`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_tasks.wiring.arguments import StageArguments
from pipeline_tasks.wiring.projects import home_folder
from pipeline_tasks.wiring.services import Services, backbone_of

if TYPE_CHECKING:
    from pipeline_tasks.records.list_new_images import ListNewImagesSummary
    from pipeline_tasks.records.measure_images import MeasureImagesSummary
    from pipeline_tasks.records.open_cycle import OpenCycleSummary
    from pipeline_tasks.records.open_import import OpenImportSummary
    from pipeline_tasks.records.record_images import RecordImagesSummary


def open_cycle(services: Services, arguments: StageArguments) -> OpenCycleSummary:
    """Run `stages.ingest.open_cycle`."""
    from pipeline_tasks.stages.ingest.open_cycle import open_cycle

    return open_cycle(
        store=services.store,
        opening=services.opening(arguments.run_key),
        arguments=arguments.cycle_arguments,
        backbone_of=backbone_of,
        home=home_folder(),
    )


def list_new_images(services: Services, arguments: StageArguments) -> ListNewImagesSummary:
    """Run `stages.ingest.list_new_images`."""
    from pipeline_tasks.stages.ingest.list_new_images import list_new_images

    return list_new_images(
        store=services.store,
        cycle=services.cycle,
        sources=services.sources,
        now=services.now,
        is_last_try=arguments.is_last_try,
    )


def measure_images(services: Services, arguments: StageArguments) -> MeasureImagesSummary:
    """Run `stages.ingest.measure_images`."""
    from pipeline_tasks.stages.ingest.measure_images import measure_images

    return measure_images(
        store=services.store,
        cycle=services.cycle,
        shard=arguments.shard,
        sources=services.sources,
        decoder=services.decoder,
        backbone=services.backbone,
    )


def record_images(services: Services, _: StageArguments) -> RecordImagesSummary:
    """Run `stages.ingest.record_images`."""
    from pipeline_tasks.stages.ingest.record_images import record_images

    return record_images(services.store, services.cycle)


def open_import(services: Services, arguments: StageArguments) -> OpenImportSummary:
    """Run `stages.ingest.open_import`."""
    from pipeline_tasks.stages.ingest.open_import import open_import

    return open_import(
        store=services.store,
        opening=services.opening(arguments.run_key),
        labelled_set=arguments.labelled_set,
        space=services.work_folder,
    )


CALLS = (
    open_cycle,
    list_new_images,
    measure_images,
    record_images,
    open_import,
)
