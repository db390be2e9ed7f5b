"""Page of the promotion history of all projects that the user may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from nightlens_airflow.endpoints import root_connection
from nightlens_airflow.web.pages import page
from pipeline_tasks.errors import NightlensError
from pipeline_tasks.reports.promotion_rows import HEADERS, promotion_rows
from pipeline_tasks.storage.history.promotions import promotions
from pipeline_tasks.wiring.projects import read_project
from pipeline_tasks.wiring.roots import open_store

Rows = Sequence[Sequence[str | None]]


def rows_of(project_name: str) -> Rows | str:
    """A project's history, or the reason why it cannot be read, so that one bad project does not break the page."""
    try:
        project = read_project(project_name)
        return promotion_rows(promotions(open_store(project, root_connection(project))), project.time_zone)
    except NightlensError as error:
        return str(error)


def promotions_page(projects: Mapping[str, Rows | str]) -> str:
    """All projects with their history, newest first."""
    tables = "".join(f"<h2>{escape(name)}</h2>{_table(rows)}" for name, rows in projects.items())
    return page("Promotions", tables or "<p class='soft'>There is no project that you may see.</p>")


def _table(rows: Rows | str) -> str:
    if isinstance(rows, str):
        return f"<p class='soft'>{escape(rows)}</p>"
    if not rows:
        return "<p class='soft'>No candidate was judged yet.</p>"
    head = "".join(f"<th>{escape(name)}</th>" for name in HEADERS[:-1])
    return f"<table><tr>{head}</tr>{''.join(_lines(row) for row in rows)}</table>"


def _lines(row: Sequence[str | None]) -> str:
    """One decision: its short cells, and below them the reason, which is a paragraph."""
    *cells, why = (escape(cell or "–") for cell in row)
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr><tr><td class='soft' colspan='{len(cells)}'>{why}</td></tr>"
