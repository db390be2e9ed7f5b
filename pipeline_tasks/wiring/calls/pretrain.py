"""Calls of the stages of `pretrain`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_tasks.wiring.arguments import StageArguments
from pipeline_tasks.wiring.services import Services

if TYPE_CHECKING:
    from pipeline_tasks.records.choose_pretraining_images import ChoosePretrainingImagesSummary
    from pipeline_tasks.records.export_backbone import ExportBackboneSummary
    from pipeline_tasks.records.open_pretraining import OpenPretrainingSummary
    from pipeline_tasks.records.probe_backbone import ProbeBackboneSummary
    from pipeline_tasks.records.train_backbone import TrainBackboneSummary
    from pipeline_tasks.records.write_pretraining_report import WritePretrainingReportSummary


def open_pretraining(services: Services, arguments: StageArguments) -> OpenPretrainingSummary:
    """Run `stages.pretrain.open_pretraining`."""
    from pipeline_tasks.stages.pretrain.open_pretraining import open_pretraining

    return open_pretraining(
        store=services.store,
        opening=services.opening(arguments.run_key),
        method=arguments.method,
        epochs=arguments.epochs,
        seed=arguments.seed,
    )


def choose_pretraining_images(services: Services, _: StageArguments) -> ChoosePretrainingImagesSummary:
    """Run `stages.pretrain.choose_pretraining_images`."""
    from pipeline_tasks.stages.pretrain.choose_pretraining_images import choose_pretraining_images

    return choose_pretraining_images(services.store, services.cycle)


def train_backbone(services: Services, _: StageArguments) -> TrainBackboneSummary:
    """Run `stages.pretrain.train_backbone`."""
    from pipeline_tasks.stages.pretrain.train_backbone import train_backbone

    return train_backbone(
        store=services.store,
        cycle=services.cycle,
        decoder=services.decoder,
        backbone=services.backbone,
        teacher=services.teacher,
        work_folder=services.work_folder,
    )


def export_backbone(services: Services, _: StageArguments) -> ExportBackboneSummary:
    """Run `stages.pretrain.export_backbone`."""
    from pipeline_tasks.stages.pretrain.export_backbone import export_backbone

    return export_backbone(services.store, services.cycle, services.decoder, services.backbone)


def probe_backbone(services: Services, _: StageArguments) -> ProbeBackboneSummary:
    """Run `stages.pretrain.probe_backbone`."""
    from pipeline_tasks.stages.pretrain.probe_backbone import probe_backbone

    return probe_backbone(services.store, services.cycle, services.decoder, services.backbone, services.work_folder)


def write_pretraining_report(services: Services, _: StageArguments) -> WritePretrainingReportSummary:
    """Run `stages.pretrain.write_pretraining_report`."""
    from pipeline_tasks.stages.pretrain.write_pretraining_report import write_pretraining_report

    return write_pretraining_report(services.store, services.cycle)


CALLS = (
    open_pretraining,
    choose_pretraining_images,
    train_backbone,
    export_backbone,
    probe_backbone,
    write_pretraining_report,
)
