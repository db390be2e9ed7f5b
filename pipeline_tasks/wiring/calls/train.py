"""Calls of the stages of `train`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_tasks.wiring.arguments import StageArguments
from pipeline_tasks.wiring.services import Services

if TYPE_CHECKING:
    from pipeline_tasks.records.build_dataset_version import BuildDatasetVersionSummary
    from pipeline_tasks.records.export_model import ExportModelSummary
    from pipeline_tasks.records.train_model import TrainModelSummary


def build_dataset_version(services: Services, _: StageArguments) -> BuildDatasetVersionSummary:
    """Run `stages.train.build_dataset_version`."""
    from pipeline_tasks.stages.train.build_dataset_version import build_dataset_version

    return build_dataset_version(services.store, services.cycle)


def train_model(services: Services, arguments: StageArguments) -> TrainModelSummary:
    """Run `stages.train.train_model`."""
    from pipeline_tasks.clients.this_machine import run_origin
    from pipeline_tasks.stages.train.train_model import train_model

    return train_model(
        store=services.store,
        cycle=services.cycle,
        decoder=services.decoder,
        backbone=services.backbone,
        model_registry=services.model_registry,
        experiment_log=services.experiment_log,
        work_folder=services.work_folder,
        is_last_try=arguments.is_last_try,
        origin=run_origin(),
        event_log=services.event_files,
        network=services.network,
    )


def export_model(services: Services, arguments: StageArguments) -> ExportModelSummary:
    """Run `stages.train.export_model`."""
    from pipeline_tasks.stages.train.export_model import export_model

    return export_model(
        store=services.store,
        cycle=services.cycle,
        decoder=services.decoder,
        backbone=services.backbone,
        model_registry=services.model_registry,
        is_last_try=arguments.is_last_try,
        network=services.network,
    )


CALLS = (
    build_dataset_version,
    train_model,
    export_model,
)
