"""Write the page of a search: its outcome, lines for the project file, every trial, and the gate's decision."""

from __future__ import annotations

from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.records.build_dataset_version import BuildDatasetVersionSummary
from pipeline_tasks.records.choose_settings import ChooseSettingsSummary
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.promote_model import PromoteModelSummary
from pipeline_tasks.records.write_search_report import WriteSearchReportSummary
from pipeline_tasks.reports.search_page import SearchData, render_search
from pipeline_tasks.search.space import FOR_WHOLE_IMAGES
from pipeline_tasks.search.trial_rows import trials_of_rows
from pipeline_tasks.storage.blobs.report_files import PAGE, write_report_file
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.trial import Trial

STAGE = "write_search_report"


def write_search_report(store: Store, cycle: Cycle) -> WriteSearchReportSummary:
    """Render the page. It is derived: a later call replaces it, and no event names it.

    Raises:
        MissingStageError: the search has not chosen settings yet.
    """
    chosen = store.summary(cycle.cycle_id, ChooseSettingsSummary)
    trials = [] if chosen.skipped else trials_of_rows(store.read(Trial, cycle.cycle_id))
    data = SearchData(
        project=cycle.project.project,
        cycle_id=cycle.cycle_id,
        started_at=cycle.started_at,
        time_zone=cycle.project.time_zone,
        code_version=cycle.code_version,
        dataset_id=store.summary(cycle.cycle_id, BuildDatasetVersionSummary).dataset_id or "",
        score=kind_of(cycle.project).scoring.names.metric,
        space=cycle.project.search.space or FOR_WHOLE_IMAGES,
        chosen=chosen,
        trials=trials,
        promoted=store.find_summary(cycle.cycle_id, PromoteModelSummary),
    )
    key = write_report_file(store.objects, cycle.cycle_id, PAGE, render_search(data).encode())
    return WriteSearchReportSummary(report_key=key, trials=len(trials))
