"""Record of the stage `write_search_report`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class WriteSearchReportSummary:
    """Key of the search's page."""

    stage: ClassVar[str] = "write_search_report"

    report_key: str
    trials: int
