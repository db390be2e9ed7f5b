"""Record of the stage `export_model`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class ExportModelSummary:
    """Exported file, its deviation from the trained network, and its version in the model registry."""

    stage: ClassVar[str] = "export_model"

    skipped: str | None
    model_digest: str | None = None
    dataset_id: str | None = None
    registry_version: str | None = None
    registry_url: str | None = None
    parity_max_difference: float | None = None
    """Greatest difference between the two models' outputs for the same image."""
    parity_images: int = 0
    size_bytes: int = 0
    mirror_notes: list[str] = field(default_factory=list)
    """Things gone, changed or out of reach in MLflow and W&B; empty if nothing."""
