"""Record of the stage `write_storage_report`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class WriteStorageReportSummary:
    """Place of the storage report, and the sums in it."""

    stage: ClassVar[str] = "write_storage_report"

    report_key: str
    objects: int
    size_bytes: int
    trash_objects: int
    trash_bytes: int
