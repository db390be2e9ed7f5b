"""Record of the failure of a stage, for the night's report. No event names it, and no stage reads it but the report's."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StageFailure:
    """Cause of a failure, and what to do."""

    stage: str
    error: str
    """Name of the error's class; empty if the process ended without one."""
    message: str
    remedy: str
