"""Record of the stage `resume_labeling`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class ResumeLabelingSummary:
    """End of a pause of the project's labeling."""

    stage: ClassVar[str] = "resume_labeling"

    paused_s: float
    """Seconds of the pause that ended; 0 if labeling was not paused."""
    why: str
