"""Record of the stage `roll_back`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class RollBackSummary:
    """The restored champion, and the one that it replaces."""

    stage: ClassVar[str] = "roll_back"

    skipped: str | None
    model_digest: str
    previous_digest: str
    dataset_id: str
    registry_version: str | None
    why: str
    mirror_notes: list[str] = field(default_factory=list)
    """Things gone, changed or out of reach in MLflow and W&B; empty if nothing."""
