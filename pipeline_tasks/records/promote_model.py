"""Record of the stage `promote_model`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class PromoteModelSummary:
    """The champion after the stage, and the reason."""

    stage: ClassVar[str] = "promote_model"

    skipped: str | None
    is_promoted: bool = False
    why: str = ""
    model_digest: str | None = None
    """The candidate."""
    champion_digest: str | None = None
    """The champion after this stage."""
    previous_digest: str | None = None
    """The champion before it."""
    registry_version: str | None = None
    """The candidate's version in the model registry."""
    mirror_notes: list[str] = field(default_factory=list)
    """Things gone, changed or out of reach in MLflow and W&B; empty if nothing."""
