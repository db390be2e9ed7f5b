"""All records of stages by the stage's name, and what the stages of one cycle have recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from pipeline_tasks.errors import MissingStageError
from pipeline_tasks.records.ask_for_slice import AskForSliceSummary
from pipeline_tasks.records.backfill import BackfillSummary
from pipeline_tasks.records.build_dataset_version import BuildDatasetVersionSummary
from pipeline_tasks.records.choose_pretraining_images import ChoosePretrainingImagesSummary
from pipeline_tasks.records.choose_settings import ChooseSettingsSummary
from pipeline_tasks.records.collect_annotations import CollectAnnotationsSummary
from pipeline_tasks.records.collect_garbage import CollectGarbageSummary
from pipeline_tasks.records.compare_with_champion import CompareWithChampionSummary
from pipeline_tasks.records.erase import EraseSummary
from pipeline_tasks.records.evaluate_model import EvaluateModelSummary
from pipeline_tasks.records.export_backbone import ExportBackboneSummary
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
from pipeline_tasks.records.open_pretraining import OpenPretrainingSummary
from pipeline_tasks.records.open_search import OpenSearchSummary
from pipeline_tasks.records.pause_labeling import PauseLabelingSummary
from pipeline_tasks.records.plan_collection import PlanCollectionSummary
from pipeline_tasks.records.probe_backbone import ProbeBackboneSummary
from pipeline_tasks.records.promote_model import PromoteModelSummary
from pipeline_tasks.records.reading import StageRecord
from pipeline_tasks.records.record_images import RecordImagesSummary
from pipeline_tasks.records.resolve_labels import ResolveLabelsSummary
from pipeline_tasks.records.restore_dataset_version import RestoreDatasetVersionSummary
from pipeline_tasks.records.resume_labeling import ResumeLabelingSummary
from pipeline_tasks.records.roll_back import RollBackSummary
from pipeline_tasks.records.roll_out import RollOutSummary
from pipeline_tasks.records.run_trial import RunTrialSummary
from pipeline_tasks.records.select_images import SelectImagesSummary
from pipeline_tasks.records.send_to_labeling import SendToLabelingSummary
from pipeline_tasks.records.sign_off import SignOffSummary
from pipeline_tasks.records.train_backbone import TrainBackboneSummary
from pipeline_tasks.records.train_model import TrainModelSummary
from pipeline_tasks.records.wait_for_annotators import WaitForAnnotatorsSummary
from pipeline_tasks.records.write_cycle_report import WriteCycleReportSummary
from pipeline_tasks.records.write_pretraining_report import WritePretrainingReportSummary
from pipeline_tasks.records.write_search_report import WriteSearchReportSummary
from pipeline_tasks.records.write_storage_report import WriteStorageReportSummary

R = TypeVar("R", bound=StageRecord)

KINDS: tuple[type[StageRecord], ...] = (
    AskForSliceSummary,
    BackfillSummary,
    BuildDatasetVersionSummary,
    ChoosePretrainingImagesSummary,
    ChooseSettingsSummary,
    CollectAnnotationsSummary,
    CollectGarbageSummary,
    CompareWithChampionSummary,
    EraseSummary,
    EvaluateModelSummary,
    ExportBackboneSummary,
    ExportModelSummary,
    FindDuplicatesSummary,
    FindLabelErrorsSummary,
    FindQualityIssuesSummary,
    ImportLabelsSummary,
    ListNewImagesSummary,
    MeasureImagesSummary,
    MeasureSelectionGainSummary,
    OpenCycleSummary,
    OpenImportSummary,
    OpenPretrainingSummary,
    OpenSearchSummary,
    PauseLabelingSummary,
    PlanCollectionSummary,
    ProbeBackboneSummary,
    PromoteModelSummary,
    RecordImagesSummary,
    ResolveLabelsSummary,
    RestoreDatasetVersionSummary,
    ResumeLabelingSummary,
    RollBackSummary,
    RollOutSummary,
    RunTrialSummary,
    SelectImagesSummary,
    SendToLabelingSummary,
    SignOffSummary,
    TrainBackboneSummary,
    TrainModelSummary,
    WaitForAnnotatorsSummary,
    WriteCycleReportSummary,
    WritePretrainingReportSummary,
    WriteSearchReportSummary,
    WriteStorageReportSummary,
)
RECORDS = {kind.stage: kind for kind in KINDS}


@dataclass(frozen=True)
class CycleRecords:
    """Records of the stages that one cycle has done, as far as they were asked for."""

    records: tuple[StageRecord, ...] = ()

    def find(self, kind: type[R]) -> R | None:
        """The record of this kind; None if its stage has not been done."""
        return next((one for one in self.records if isinstance(one, kind)), None)

    def get(self, kind: type[R]) -> R:
        """The record of this kind.

        Raises:
            MissingStageError: its stage has not been done, or was not asked for.
        """
        found = self.find(kind)
        if found is None:
            raise MissingStageError(f"the stage {kind.stage} has not been done yet; run it first")
        return found

    def has(self, stage: str) -> bool:
        """Return True if the stage has been done."""
        return any(one.stage == stage for one in self.records)

    def why_skipped(self, stage: str) -> str | None:
        """The sentence with which a stage skipped its work; None if it did it, was not done, or never skips."""
        return next((getattr(one, "skipped", None) for one in self.records if one.stage == stage), None)

    def why(self, stage: str) -> str | None:
        """The sentence with which a stage explains its outcome, or that it skipped its work; None if it says nothing."""
        return next((getattr(one, "why", None) for one in self.records if one.stage == stage), None) or self.why_skipped(stage)
