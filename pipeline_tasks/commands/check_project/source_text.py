"""A source's report as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline_tasks.commands.check_project.linting import EndingFound, SourceReport
from pipeline_tasks.commands.check_project.name_findings import Finding
from pipeline_tasks.commands.versions.text_table import text_table


def source_text(report: SourceReport) -> str:
    """The report with a table for each sort of finding."""
    read = sum(one.read for one in report.endings)
    head = (
        f"source {report.source}: files listed: {report.files}; would be taken in: {report.would_be_taken_in}; "
        f"read and decoded: {read}, the others are judged by name, size and time alone"
    )
    parts = [
        head,
        _findings("would be skipped", report.skipped),
        _endings(report.endings),
        _findings("about names", report.names),
        _findings("about modality", report.modality),
        "Reasons: docs/how-to/choose-files.md. Nothing was recorded or changed.",
    ]
    return "\n\n".join(part for part in parts if part)


def _findings(title: str, findings: Iterable[Finding]) -> str:
    rows = [(one.says, one.files, _shown(one.examples)) for one in findings]
    return text_table((title, "count", "such as"), rows) if rows else ""


def _endings(endings: Iterable[EndingFound]) -> str:
    rows = [(one.ending or "(none)", one.files, one.read, one.read - sum(one.refused.values()), _refused(one)) for one in endings]
    return text_table(("ending", "files", "read", "are images", "would be refused"), rows) if rows else ""


def _refused(one: EndingFound) -> str:
    said = (
        f"{count} {reason.replace('_', ' ')} (such as {_shown([one.examples[reason]])})" for reason, count in one.refused.items()
    )
    return ", ".join(said) or "none"


def _shown(keys: Iterable[str]) -> str:
    """Keys in one line: control characters are escaped, so that no name can write to the terminal."""
    return ", ".join(key if key.isprintable() else ascii(key) for key in keys)
