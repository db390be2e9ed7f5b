"""Record of the stage `pause_labeling`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class PauseLabelingSummary:
    """Beginning of a pause of the project's labeling."""

    stage: ClassVar[str] = "pause_labeling"

    paused_at: str
    """Beginning of the pause that stands; an earlier one if labeling was paused already."""
    why: str
