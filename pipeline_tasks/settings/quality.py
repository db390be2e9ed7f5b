"""Settings of the quality rules."""

from __future__ import annotations

from pydantic import Field

from pipeline_tasks.settings.section import Settings


class QualitySettings(Settings):
    """Limits on measurements; an image outside one is quarantined. null switches a limit off."""

    min_side_px: int | None = Field(64, ge=1)
    min_luma_mean: float | None = Field(28.0, description="Mean luma, 0 to 255; darker images are `too_dark`.")
    max_luma_mean: float | None = Field(235.0, description="Mean luma; brighter images are `too_bright`.")
    min_luma_contrast: float | None = Field(6.0, description="Standard deviation of luma; below it an image is `flat`.")
    min_sharpness: float | None = Field(12.0, description="Variance of the Laplacian; below it an image is `blurred`.")
    min_entropy_bits: float | None = Field(2.0, description="Entropy of the luma histogram; below it an image is `uninformative`.")
