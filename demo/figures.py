"""Figures of a cycle, read from the ledger and compared with the service that owns each."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from demo.errors import DemoError
from demo.nightly_run import EndedRun
from demo.services import LabelStudioRound, MlflowVersion, Services
from pipeline_tasks.records.build_dataset_version import BuildDatasetVersionSummary
from pipeline_tasks.records.by_stage import CycleRecords
from pipeline_tasks.records.collect_annotations import CollectAnnotationsSummary
from pipeline_tasks.records.compare_with_champion import CompareWithChampionSummary
from pipeline_tasks.records.export_model import ExportModelSummary
from pipeline_tasks.records.find_duplicates import FindDuplicatesSummary
from pipeline_tasks.records.find_quality_issues import FindQualityIssuesSummary
from pipeline_tasks.records.list_new_images import ListNewImagesSummary
from pipeline_tasks.records.open_cycle import OpenCycleSummary
from pipeline_tasks.records.project_state import Champion
from pipeline_tasks.records.promote_model import PromoteModelSummary
from pipeline_tasks.records.record_images import RecordImagesSummary
from pipeline_tasks.records.resolve_labels import ResolveLabelsSummary
from pipeline_tasks.records.select_images import SelectImagesSummary
from pipeline_tasks.records.send_to_labeling import SendToLabelingSummary
from pipeline_tasks.storage.history.cycle_records import read_cycle_records
from pipeline_tasks.storage.history.store import Store

SERVER_FOLLOWS_WITHIN_S = 10.0
Summary = dict[str, Any]


@dataclass(frozen=True)
class Night:
    """Result of one night. Every figure was read back; None if the night has no such figure."""

    night: int
    cycle_id: str
    run_id: str
    state: str
    seconds: float
    stage_seconds: dict[str, float]
    files_seen: int = 0
    images_taken_in: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    quarantined: int = 0
    exact_duplicates: int = 0
    near_duplicates: int = 0
    selected: int = 0
    labeling_tasks: int = 0
    annotated: int = 0
    labelled: int = 0
    empty: int = 0
    """Images in which people found nothing."""
    unsure: int = 0
    dataset_id: str | None = None
    dataset_images: int = 0
    candidate_digest: str | None = None
    candidate_score: float | None = None
    candidate_low: float | None = None
    candidate_high: float | None = None
    champion_score: float | None = None
    baseline_score: float | None = None
    classes_left_out: list[str] = field(default_factory=list)
    is_promoted: bool = False
    why: str = ""
    registry_version: str | None = None
    round_url: str | None = None


def cycle_of_run(store: Store, run_id: str) -> str:
    """The cycle that a DAG run opened.

    Raises:
        DemoError: the run opened none.
    """
    for cycle_id in reversed(store.state().stages):
        opened = store.find_summary(cycle_id, OpenCycleSummary)
        if opened is not None and opened.run_key == run_id:
            return cycle_id
    raise DemoError(f"the ledger has no cycle of the DAG run {run_id}, although Airflow says that it ended")


def read_night(night: int, run: EndedRun, store: Store, services: Services, outside_name: str) -> Night:
    """Read a finished night.

    Raises:
        DemoError: a stage is missing from the ledger, or a service reports another figure than the ledger.
    """
    cycle_id = cycle_of_run(store, run.run_id)
    told = read_cycle_records(store, cycle_id, _READ)
    missing = [stage for stage in _READ if not told.has(stage)]
    if missing:
        raise DemoError(f"Airflow says that {run.run_id} ended in success, but the ledger has no event of {', '.join(missing)}")
    version = _registered(told.get(ExportModelSummary), services, outside_name)
    labeling = services.label_studio_round(told.get(SendToLabelingSummary))
    _check_round(told, labeling)
    return _night(night, cycle_id, run, told, labeling, version)


def check_champion(store: Store, services: Services, outside_name: str) -> Champion:
    """The ledger's champion, after a check that MLflow's alias names the same version.

    Raises:
        DemoError: there is no champion, or the alias names another version.
    """
    champion = store.state().champion
    if champion is None:
        raise DemoError("the ledger has no champion, so nothing can be served")
    alias = services.champion_alias(outside_name)
    if alias != champion.registry_version:
        raise DemoError(
            f"MLflow's alias champion of {outside_name} names version {alias}, the ledger's champion is version "
            f"{champion.registry_version}"
        )
    return champion


def ask_server(services: Services, image: bytes, champion_digest: str) -> Summary:
    """The prediction server's prediction for one image, from the champion.

    Raises:
        DemoError: after 10 s it still does not respond, or another model is served.
    """
    until = time.monotonic() + SERVER_FOLLOWS_WITHIN_S
    while True:
        found, prediction = services.predict(image)
        if prediction is not None and prediction["model_digest"] == champion_digest:
            return prediction
        if time.monotonic() > until:
            raise DemoError(
                f"prediction server: wanted a prediction of the champion {champion_digest[:12]} within "
                f"{SERVER_FOLLOWS_WITHIN_S:.0f} s, found {found}"
            )
        time.sleep(0.25)


_READ = (
    "list_new_images",
    "record_images",
    "find_quality_issues",
    "find_duplicates",
    "select_images",
    "send_to_labeling",
    "collect_annotations",
    "resolve_labels",
    "build_dataset_version",
    "export_model",
    "compare_with_champion",
    "promote_model",
    "roll_out",
)


def _registered(exported: ExportModelSummary, services: Services, outside_name: str) -> MlflowVersion | None:
    """The version that the cycle registered in MLflow."""
    if exported.skipped:
        return None
    version = services.mlflow_version(outside_name, str(exported.registry_version))
    if version.model_digest != exported.model_digest:
        raise DemoError(
            f"MLflow's version {version.version} of {outside_name} carries the model {version.model_digest}, the ledger says "
            f"{exported.model_digest}"
        )
    return version


def _check_round(told: CycleRecords, labeling: LabelStudioRound) -> None:
    pushed, collected = told.get(SendToLabelingSummary), told.get(CollectAnnotationsSummary)
    if labeling.tasks != pushed.tasks:
        raise DemoError(f"Label Studio has {labeling.tasks} tasks in {pushed.round_id}, the ledger says {pushed.tasks}")
    annotated = pushed.tasks - collected.tasks_unanswered
    if labeling.annotated < annotated:
        raise DemoError(
            f"Label Studio has {labeling.annotated} annotated tasks in {pushed.round_id}, the ledger collected {annotated}"
        )


def _night(
    night: int,
    cycle_id: str,
    run: EndedRun,
    told: CycleRecords,
    labeling: LabelStudioRound,
    version: MlflowVersion | None,
) -> Night:
    recorded, doubled = told.get(RecordImagesSummary), told.get(FindDuplicatesSummary)
    compared, promoted = told.get(CompareWithChampionSummary), told.get(PromoteModelSummary)
    built, resolved = told.get(BuildDatasetVersionSummary), told.get(ResolveLabelsSummary)
    return Night(
        night=night,
        cycle_id=cycle_id,
        run_id=run.run_id,
        state=run.state,
        seconds=run.seconds,
        stage_seconds=run.stage_seconds,
        files_seen=told.get(ListNewImagesSummary).files_new,
        images_taken_in=recorded.images_new,
        rejected=recorded.rejected_by_reason,
        quarantined=told.get(FindQualityIssuesSummary).images_quarantined,
        exact_duplicates=recorded.sightings - recorded.images_new + doubled.exact,
        near_duplicates=doubled.near,
        selected=told.get(SelectImagesSummary).images_selected,
        labeling_tasks=labeling.tasks,
        annotated=labeling.annotated,
        labelled=resolved.labelled,
        empty=resolved.empty,
        unsure=resolved.unsure,
        dataset_id=built.dataset_id,
        dataset_images=built.images,
        candidate_digest=told.get(ExportModelSummary).model_digest,
        candidate_score=compared.candidate_score,
        candidate_low=compared.candidate_low,
        candidate_high=compared.candidate_high,
        champion_score=compared.champion_score,
        baseline_score=compared.baseline_score,
        classes_left_out=compared.classes_left_out,
        is_promoted=promoted.is_promoted,
        why=promoted.why or promoted.skipped or "",
        registry_version=None if version is None else version.version,
        round_url=told.get(SendToLabelingSummary).url,
    )
