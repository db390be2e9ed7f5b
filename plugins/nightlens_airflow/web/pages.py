"""HTML of the pages around the reports: the list of cycles, and a message if there is no report yet."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from urllib.parse import urlencode

from nightlens_airflow.web.cycle_reports import CycleLine

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #888; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1.5rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line); }
.soft { color: var(--soft); } .bad { color: #c33; }
"""


def list_page(projects: dict[str, list[CycleLine] | str]) -> str:
    """All projects that the user may see, with their cycles or the reason why they cannot be listed."""
    tables = "".join(f"<h2>{escape(name)}</h2>{_table(name, lines)}" for name, lines in projects.items())
    return page("Cycle reports", tables or "<p class='soft'>There is no project that you may see.</p>")


def no_report_page(what: str) -> str:
    """Page that replaces a missing report, with the reason."""
    return page("No report", f"<p>{escape(what)}</p>")


def no_report_yet_page(what: str, done: Sequence[str]) -> str:
    """Page of a cycle under way: the reason why it has no report yet, and the stages that have ended."""
    stages = escape(", ".join(done)) or "none"
    return page("No report yet", f"<p>{escape(what)}</p><p class='soft'>Stages that have ended: {stages}.</p>")


def no_round_page(what: str) -> str:
    """Page that replaces a missing labeling round, with the reason."""
    return page("No labeling round", f"<p>{escape(what)}</p>")


def no_image_page(what: str) -> str:
    """Page that replaces a missing image, with the reason."""
    return page("No image", f"<p>{escape(what)}</p>")


def _table(project: str, lines: list[CycleLine] | str) -> str:
    if isinstance(lines, str):
        return f"<p class='soft'>{escape(lines)}</p>"
    if not lines:
        return "<p class='soft'>No cycle yet. Trigger the project's DAG to add one.</p>"
    head = "<tr><th>Cycle</th><th>Kind</th><th>Started</th><th>Report</th><th></th></tr>"
    return f"<table>{head}{''.join(_row(project, line) for line in lines)}</table>"


def _row(project: str, line: CycleLine) -> str:
    address = "report?" + urlencode({"dag_id": f"nightly__{project}", "cycle_id": line.cycle_id})
    report = (
        f"<a href='{escape(address)}'>open</a>" if line.has_report else f"<span class='soft'>{escape(line.why_no_report)}</span>"
    )
    failed = f"<span class='bad'>failed in {escape(line.failed_in)}</span>" if line.failed_in else ""
    cells = (escape(line.cycle_id), escape(line.cycle_kind.replace("_", " ")), escape(line.started_at), report, failed)
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def page(title: str, body: str) -> str:
    """A page of this app around a body of HTML."""
    title = escape(title)
    head = f"<meta charset='utf-8'><meta name='viewport' content='width=device-width'><title>{title}</title><style>{_STYLE}</style>"
    return f"<!doctype html><html lang='en'><head>{head}</head><body><h1>{title}</h1>{body}</body></html>"
