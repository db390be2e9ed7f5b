"""Write the page of a pretraining: what it gained, the lines for the project file, and what it was trained on."""

from __future__ import annotations

from pipeline_tasks.records.choose_pretraining_images import ChoosePretrainingImagesSummary
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.export_backbone import ExportBackboneSummary
from pipeline_tasks.records.probe_backbone import ProbeBackboneSummary
from pipeline_tasks.records.train_backbone import TrainBackboneSummary
from pipeline_tasks.records.write_pretraining_report import WritePretrainingReportSummary
from pipeline_tasks.reports.pretraining_page import PretrainingData, render_pretraining
from pipeline_tasks.storage.blobs.report_files import PAGE, write_report_file
from pipeline_tasks.storage.history.store import Store

STAGE = "write_pretraining_report"


def write_pretraining_report(store: Store, cycle: Cycle) -> WritePretrainingReportSummary:
    """Render the page. It is derived: a later call replaces it, and no event names it.

    Raises:
        MissingStageError: the pretraining was not compared yet.
    """
    data = PretrainingData(
        project=cycle.project.project,
        cycle_id=cycle.cycle_id,
        started_at=cycle.started_at,
        time_zone=cycle.project.time_zone,
        code_version=cycle.code_version,
        backbone=cycle.project.backbone,
        chosen=store.summary(cycle.cycle_id, ChoosePretrainingImagesSummary),
        trained=store.summary(cycle.cycle_id, TrainBackboneSummary),
        exported=store.summary(cycle.cycle_id, ExportBackboneSummary),
        probed=store.summary(cycle.cycle_id, ProbeBackboneSummary),
    )
    key = write_report_file(store.objects, cycle.cycle_id, PAGE, render_pretraining(data).encode())
    return WritePretrainingReportSummary(report_key=key)
