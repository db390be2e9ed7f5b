"""Calls of the stages of `label`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_tasks.wiring.arguments import StageArguments
from pipeline_tasks.wiring.services import Services

if TYPE_CHECKING:
    from pipeline_tasks.records.collect_annotations import CollectAnnotationsSummary
    from pipeline_tasks.records.find_label_errors import FindLabelErrorsSummary
    from pipeline_tasks.records.import_labels import ImportLabelsSummary
    from pipeline_tasks.records.resolve_labels import ResolveLabelsSummary
    from pipeline_tasks.records.send_to_labeling import SendToLabelingSummary
    from pipeline_tasks.records.wait_for_annotators import WaitForAnnotatorsSummary


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


def import_labels(services: Services, _: StageArguments) -> ImportLabelsSummary:
    """Run `stages.label.import_labels`."""
    from pipeline_tasks.stages.label.import_labels import import_labels

    return import_labels(services.store, services.cycle, services.work_folder)


CALLS = (
    send_to_labeling,
    wait_for_annotators,
    collect_annotations,
    resolve_labels,
    find_label_errors,
    import_labels,
)
