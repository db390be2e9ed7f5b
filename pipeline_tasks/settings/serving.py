"""Limits of the prediction server."""

from __future__ import annotations

from pydantic import Field

from pipeline_tasks.settings.section import Ratio, Settings


class ServingSettings(Settings):
    """The prediction server's limits."""

    max_waiting: int = Field(32, ge=1, description="Maximum number of concurrent requests; further ones get status 429.")
    max_body_bytes: int = Field(20_000_000, ge=1024)
    min_confidence: Ratio = Field(
        0.0, description="Less certain predictions are marked unsure; boxes are left out (0: below 0.25)."
    )
