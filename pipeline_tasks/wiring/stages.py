"""One explicit call per stage, in which mypy checks its inputs.

A new stage is one function here and its name in `CALLS`. The import inside keeps a task's process from importing other stages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from pipeline_tasks.wiring.arguments import StageArguments
from pipeline_tasks.wiring.services import Services

if TYPE_CHECKING:
    from pipeline_tasks.records.backfill import BackfillSummary
    from pipeline_tasks.records.build_dataset_version import BuildDatasetVersionSummary
    from pipeline_tasks.records.collect_annotations import CollectAnnotationsSummary
    from pipeline_tasks.records.collect_garbage import CollectGarbageSummary
    from pipeline_tasks.records.compare_with_champion import CompareWithChampionSummary
    from pipeline_tasks.records.erase import EraseSummary
    from pipeline_tasks.records.evaluate_model import EvaluateModelSummary
    from pipeline_tasks.records.export_model import ExportModelSummary
    from pipeline_tasks.records.find_duplicates import FindDuplicatesSummary
    from pipeline_tasks.records.find_label_errors import FindLabelErrorsSummary
    from pipeline_tasks.records.find_quality_issues import FindQualityIssuesSummary
    from pipeline_tasks.records.import_labels import ImportLabelsSummary
    from pipeline_tasks.records.list_new_images import ListNewImagesSummary
    from pipeline_tasks.records.measure_images import MeasureImagesSummary
    from pipeline_tasks.records.measure_selection_gain import MeasureSelectionGainSummary
    from pipeline_tasks.records.open_cycle import OpenCycleSummary
    from pipeline_tasks.records.open_import import OpenImportSummary
    from pipeline_tasks.records.pause_labeling import PauseLabelingSummary
    from pipeline_tasks.records.plan_collection import PlanCollectionSummary
    from pipeline_tasks.records.promote_model import PromoteModelSummary
    from pipeline_tasks.records.reading import StageRecord
    from pipeline_tasks.records.record_images import RecordImagesSummary
    from pipeline_tasks.records.resolve_labels import ResolveLabelsSummary
    from pipeline_tasks.records.restore_dataset_version import RestoreDatasetVersionSummary
    from pipeline_tasks.records.resume_labeling import ResumeLabelingSummary
    from pipeline_tasks.records.roll_back import RollBackSummary
    from pipeline_tasks.records.roll_out import RollOutSummary
    from pipeline_tasks.records.select_images import SelectImagesSummary
    from pipeline_tasks.records.send_to_labeling import SendToLabelingSummary
    from pipeline_tasks.records.train_model import TrainModelSummary
    from pipeline_tasks.records.wait_for_annotators import WaitForAnnotatorsSummary
    from pipeline_tasks.records.write_cycle_report import WriteCycleReportSummary
    from pipeline_tasks.records.write_storage_report import WriteStorageReportSummary


def open_cycle(services: Services, arguments: StageArguments) -> OpenCycleSummary:
    """Run `stages.ingest.open_cycle`."""
    from pipeline_tasks.stages.ingest.open_cycle import open_cycle

    return open_cycle(
        store=services.store,
        opening=services.opening(arguments.run_key),
        arguments=arguments.cycle_arguments,
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


def find_quality_issues(services: Services, _: StageArguments) -> FindQualityIssuesSummary:
    """Run `stages.curate.find_quality_issues`."""
    from pipeline_tasks.stages.curate.find_quality_issues import find_quality_issues

    return find_quality_issues(services.store, services.cycle)


def find_duplicates(services: Services, _: StageArguments) -> FindDuplicatesSummary:
    """Run `stages.curate.find_duplicates`."""
    from pipeline_tasks.stages.curate.find_duplicates import find_duplicates

    return find_duplicates(services.store, services.cycle)


def select_images(services: Services, _: StageArguments) -> SelectImagesSummary:
    """Run `stages.curate.select_images`."""
    from pipeline_tasks.stages.curate.select_images import select_images

    return select_images(services.store, services.cycle, open_decoder=lambda: services.decoder)


def send_to_labeling(services: Services, _: StageArguments) -> SendToLabelingSummary:
    """Run `stages.label.send_to_labeling`."""
    from pipeline_tasks.stages.label.send_to_labeling import send_to_labeling

    return send_to_labeling(
        store=services.store,
        cycle=services.cycle,
        label_studio=services.label_studio,
        annotator_files=services.annotator_files,
        decoder=services.decoder,
        now=services.now,
        blur=services.blur,
    )


def wait_for_annotators(services: Services, _: StageArguments) -> WaitForAnnotatorsSummary:
    """Run `stages.label.wait_for_annotators`."""
    from pipeline_tasks.stages.label.wait_for_annotators import wait_for_annotators

    return wait_for_annotators(
        store=services.store,
        cycle=services.cycle,
        label_studio=services.label_studio,
        annotator_files=services.annotator_files,
        now=services.now,
    )


def collect_annotations(services: Services, _: StageArguments) -> CollectAnnotationsSummary:
    """Run `stages.label.collect_annotations`."""
    from pipeline_tasks.stages.label.collect_annotations import collect_annotations

    return collect_annotations(
        store=services.store,
        cycle=services.cycle,
        label_studio=services.label_studio,
        annotator_files=services.annotator_files,
    )


def resolve_labels(services: Services, _: StageArguments) -> ResolveLabelsSummary:
    """Run `stages.label.resolve_labels`."""
    from pipeline_tasks.stages.label.resolve_labels import resolve_labels

    return resolve_labels(services.store, services.cycle)


def find_label_errors(services: Services, _: StageArguments) -> FindLabelErrorsSummary:
    """Run `stages.label.find_label_errors`."""
    from pipeline_tasks.stages.label.find_label_errors import find_label_errors

    return find_label_errors(services.store, services.cycle)


def build_dataset_version(services: Services, _: StageArguments) -> BuildDatasetVersionSummary:
    """Run `stages.train.build_dataset_version`."""
    from pipeline_tasks.stages.train.build_dataset_version import build_dataset_version

    return build_dataset_version(services.store, services.cycle)


def train_model(services: Services, arguments: StageArguments) -> TrainModelSummary:
    """Run `stages.train.train_model`."""
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
    )


def evaluate_model(services: Services, arguments: StageArguments) -> EvaluateModelSummary:
    """Run `stages.evaluate.evaluate_model`."""
    from pipeline_tasks.stages.evaluate.evaluate_model import evaluate_model

    return evaluate_model(
        store=services.store,
        cycle=services.cycle,
        decoder=services.decoder,
        model_registry=services.model_registry,
        is_last_try=arguments.is_last_try,
    )


def compare_with_champion(services: Services, _: StageArguments) -> CompareWithChampionSummary:
    """Run `stages.evaluate.compare_with_champion`."""
    from pipeline_tasks.stages.evaluate.compare_with_champion import compare_with_champion

    return compare_with_champion(services.store, services.cycle)


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


def open_import(services: Services, arguments: StageArguments) -> OpenImportSummary:
    """Run `stages.ingest.open_import`."""
    from pipeline_tasks.stages.ingest.open_import import open_import

    return open_import(
        store=services.store,
        opening=services.opening(arguments.run_key),
        labelled_set=arguments.labelled_set,
        space=services.work_folder,
    )


def import_labels(services: Services, _: StageArguments) -> ImportLabelsSummary:
    """Run `stages.label.import_labels`."""
    from pipeline_tasks.stages.label.import_labels import import_labels

    return import_labels(services.store, services.cycle, services.work_folder)


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


CALLS: Mapping[str, Callable[[Services, StageArguments], StageRecord]] = {
    call.__name__: call
    for call in (
        open_cycle,
        list_new_images,
        measure_images,
        record_images,
        find_quality_issues,
        find_duplicates,
        select_images,
        send_to_labeling,
        wait_for_annotators,
        collect_annotations,
        resolve_labels,
        find_label_errors,
        build_dataset_version,
        train_model,
        export_model,
        evaluate_model,
        compare_with_champion,
        promote_model,
        roll_out,
        measure_selection_gain,
        write_cycle_report,
        roll_back,
        open_import,
        import_labels,
        restore_dataset_version,
        pause_labeling,
        resume_labeling,
        plan_collection,
        collect_garbage,
        write_storage_report,
        backfill,
        erase,
    )
}
"""Stage → its call, in the order of the process."""
