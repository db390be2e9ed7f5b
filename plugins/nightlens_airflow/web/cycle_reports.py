"""Cycle reports in the projects' roots, for the web pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException

from nightlens_airflow.endpoints import s3_endpoint_of
from pipeline_tasks.errors import NotFoundError
from pipeline_tasks.records.open_cycle import OpenCycleSummary
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.wiring.projects import read_project
from pipeline_tasks.wiring.roots import open_store

if TYPE_CHECKING:
    from pipeline_tasks.storage.history.store import Store


@dataclass(frozen=True)
class CycleLine:
    """One cycle in a project's list."""

    cycle_id: str
    cycle_kind: str
    started_at: str
    has_report: bool


def open_root(project_name: str) -> Store:
    """Open the project's root as a task does.

    Raises:
        SettingsError: no such project, or its file cannot be used.
    """
    project = read_project(project_name)
    if project.connections.s3 is None:
        return open_store(project)
    try:
        return open_store(project, s3_endpoint_of(Connection.get(project.connections.s3)))
    except AirflowNotFoundException:
        return open_store(project)


def cycles(store: Store) -> list[CycleLine]:
    """All cycles of a project, newest first."""
    written = {
        key.split("/")[1] for key in store.objects.list(layout.report("", "").rstrip("/") + "/") if key.endswith("/index.html")
    }
    lines = []
    for cycle_id in reversed(store.state().stages):
        opened = store.find_summary(cycle_id, OpenCycleSummary)
        if opened is not None:
            lines.append(CycleLine(cycle_id, opened.cycle_kind, opened.started_at, cycle_id in written))
    return lines


def cycle_of_run(store: Store, run_id: str) -> str | None:
    """The cycle that a DAG run opened; None if there is none. Searches the newest first."""
    for cycle_id in reversed(store.state().stages):
        opened = store.find_summary(cycle_id, OpenCycleSummary)
        if opened is not None and opened.run_key == run_id:
            return cycle_id
    return None


def read_report(store: Store, cycle_id: str) -> bytes | None:
    """The cycle's report, one HTML file; None if it is not written yet."""
    try:
        return store.objects.read(layout.report(cycle_id, "index.html")).content
    except NotFoundError:
        return None
