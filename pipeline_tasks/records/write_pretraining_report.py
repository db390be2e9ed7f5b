"""Record of the stage `write_pretraining_report`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class WritePretrainingReportSummary:
    """Key of the pretraining's page."""

    stage: ClassVar[str] = "write_pretraining_report"

    report_key: str
