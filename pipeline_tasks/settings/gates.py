"""Limits that a candidate must keep to become champion."""

from __future__ import annotations

from pydantic import Field

from pipeline_tasks.settings.section import Settings


class GateSettings(Settings):
    """Settings of the gate, which decides if a candidate may become the champion."""

    margin: float = Field(
        ge=0, le=1, description="A candidate is promoted if it is not worse than the champion by more than this (0.05: 5 points)."
    )
    confidence: float = Field(0.95, gt=0.5, lt=1)
    bootstrap_samples: int = Field(2000, ge=100)
    min_test_images_per_class: int = Field(5, ge=1)
    golden_margin: float | None = Field(
        None,
        ge=0,
        le=1,
        description="The same margin for accuracy on the golden set; null: the golden set is only reported.",
    )
