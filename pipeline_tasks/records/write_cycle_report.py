"""Record of the stage `write_cycle_report`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class WriteCycleReportSummary:
    """Key of the report, and its sections."""

    stage: ClassVar[str] = "write_cycle_report"

    report_key: str
    sections: list[str]
    missing: dict[str, str]
    """Missing section → reason."""
    stages_done: list[str]
    size_bytes: int
    failed_in: str | None = None
    """The stage that the cycle stopped at."""
