"""Record of the stage `write_storage_report`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class WriteStorageReportSummary:
    """Key of the storage report, and its totals."""

    stage: ClassVar[str] = "write_storage_report"

    report_key: str
    objects: int
    size_bytes: int
    trash_objects: int
    trash_bytes: int
