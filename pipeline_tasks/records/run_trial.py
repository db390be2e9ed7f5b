"""Record of the stage `run_trial`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from pipeline_tasks.settings.search import Value


@dataclass(frozen=True)
class RunTrialSummary:
    """Outcome of one trial."""

    stage: ClassVar[str] = "run_trial"

    skipped: str | None
    trial: int = 0
    settings: dict[str, Value | None] = field(default_factory=dict)
    loss: float | None = None
    score: float | None = None
    is_pruned: bool = False
    """True if it was ended early."""
