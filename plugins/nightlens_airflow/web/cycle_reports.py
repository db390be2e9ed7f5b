"""Cycle reports in the projects' roots, for the web pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nightlens_airflow.endpoints import root_connection
from pipeline_tasks.errors import NotFoundError
from pipeline_tasks.process import NIGHTLY
from pipeline_tasks.records.cycle import local_time, utc
from pipeline_tasks.records.open_cycle import OpenCycleSummary
from pipeline_tasks.records.roll_back import RollBackSummary
from pipeline_tasks.records.send_to_labeling import SendToLabelingSummary
from pipeline_tasks.storage.history.stage_failures import failed_in
from pipeline_tasks.storage.history.task_links import task_links
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.wiring.projects import read_project
from pipeline_tasks.wiring.roots import open_store

if TYPE_CHECKING:
    from pipeline_tasks.storage.history.store import Store

_KINDS = {
    "nightly": "nightly",
    "roll_back": "roll_back",
    "tend_storage": "tending",
    "backfill": "backfill",
    "import_dataset": "import",
}
"""Beginning of a DAG's id → the kind of cycle that its runs open."""


_WITHOUT_REPORT = {
    "roll_back": "A roll-back",
    "erasure": "An erasure",
    "restore": "A restore",
    "backfill": "A backfill",
    "pause": "A pause of labeling",
}
"""Kinds of cycle that write no report, in words."""


@dataclass(frozen=True)
class CycleLine:
    """One cycle in a project's list."""

    cycle_id: str
    cycle_kind: str
    started_at: str
    """In the project's time zone, which it names."""
    has_report: bool
    why_no_report: str
    failed_in: str | None = None
    """The stage at which it stopped."""


def open_root(project_name: str) -> Store:
    """Open the project's root as a task does.

    Raises:
        SettingsError: no such project, or its file cannot be used.
    """
    project = read_project(project_name)
    return open_store(project, root_connection(project))


def cycles(store: Store, time_zone: str) -> list[CycleLine]:
    """All cycles of a project, newest first."""
    written = {
        key.split("/")[1] for key in store.objects.list(layout.report("", "").rstrip("/") + "/") if key.endswith("/index.html")
    }
    lines = []
    for cycle_id in reversed(store.state().stages):
        opened = store.find_summary(cycle_id, OpenCycleSummary)
        if opened is not None:
            started = local_time(utc(opened.started_at), time_zone)
            kind = opened.cycle_kind
            failed = _failed_in(store, cycle_id)
            lines.append(CycleLine(cycle_id, kind, started, cycle_id in written, why_no_report(store, cycle_id, kind), failed))
    return lines


def _failed_in(store: Store, cycle_id: str) -> str | None:
    """The stage at which a cycle stopped; nothing is read for a cycle whose last stage was done."""
    done, stages = store.state().stages[cycle_id], [stage.name for stage in NIGHTLY if stage.ends_in_event]
    return None if stages[-1] in done else failed_in(store.objects, cycle_id, stages, done)


def writes_report(cycle_kind: str) -> bool:
    """Return True if cycles of this kind end in a report."""
    return cycle_kind not in _WITHOUT_REPORT


def why_no_report(store: Store, cycle_id: str, cycle_kind: str) -> str:
    """Sentences on a cycle without a report: this kind writes none, and what it did; or it is not written yet."""
    if not writes_report(cycle_kind):
        return " ".join([f"{_WITHOUT_REPORT[cycle_kind]} has no report.", *_done(store, cycle_id)])
    return "Its report is written when its last stage has ended."


def _done(store: Store, cycle_id: str) -> list[str]:
    """Sentences on what a roll-back did."""
    back = store.find_summary(cycle_id, RollBackSummary)
    if back is None:
        return []
    if back.skipped:
        return [back.skipped]
    return [back.why, f"Model {back.model_digest[:12]} serves instead of {back.previous_digest[:12]}.", *back.mirror_notes]


def cycle_of_run(store: Store, dag_id: str, run_id: str) -> str | None:
    """The cycle that a DAG run opened; None if there is none. Searches the newest first.

    Runs of two DAGs that start at the same moment have the same run_id; then the DAG's kind of cycle tells them apart.
    """
    kind, another = _KINDS.get(dag_id.partition("__")[0]), None
    for cycle_id in reversed(store.state().stages):
        opened = store.find_summary(cycle_id, OpenCycleSummary)
        if opened is not None and opened.run_key == run_id:
            if opened.cycle_kind == kind:
                return cycle_id
            another = another or cycle_id
    return another


def round_address(store: Store, dag_id: str, run_id: str) -> str | None:
    """The address of the labeling round of a DAG run as it stands now; None if none was sent."""
    cycle_id = cycle_of_run(store, dag_id, run_id)
    sent = None if cycle_id is None else store.find_summary(cycle_id, SendToLabelingSummary)
    return None if sent is None else task_links(store).of_round(sent.round_id)


def read_report(store: Store, cycle_id: str) -> bytes | None:
    """The cycle's report, one HTML file; None if it is not written yet."""
    try:
        return store.objects.read(layout.report(cycle_id, "index.html")).content
    except NotFoundError:
        return None
