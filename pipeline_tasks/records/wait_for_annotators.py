"""Record of the stage `wait_for_annotators`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class WaitForAnnotatorsSummary:
    """Progress of the labeling round, and whether the cycle may continue."""

    stage: ClassVar[str] = "wait_for_annotators"

    round_id: str
    tasks: int
    answered: int
    """Tasks that were annotated or skipped."""
    done_ratio: float
    is_released: bool
    why: str
    ask_every_s: float
    deadline_at: str
    """Deadline, moved by the pauses of labeling since the round was sent."""
    label_studio_project_id: int | None = None
    """Label Studio project in which the round stands now."""
    tasks_wanted: int = 0
    """Number of answered tasks that releases the round."""
    form: str = ""
    """Digest of the labeling form as it stands in Label Studio."""
    form_differences: list[str] = field(default_factory=list)
    """Sentences on what people changed in the form in Label Studio, each with the remedy."""
    age_s: float = 0.0
    """Seconds since the round was sent, without pauses."""
    paused_at: str | None = None
    """Beginning of the pause of labeling that stands."""
    url: str | None = None
    """Address of the round's tab."""
    reminders_due: list[str] = field(default_factory=list)
    """Steps whose time has come and of which nobody was told yet: `remind`, `escalate`."""
    look_again_at: str | None = None
    """Time by which the next step is due, or answers may have come by files; None if neither is to come."""
