"""A measurement and a quality rule as an extension would add them."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipeline_tasks.images.quality import judge
from pipeline_tasks.images.quality_rules.quality_rule import QualityRule
from pipeline_tasks.measurements.canonical_pixels import CanonicalPixels
from pipeline_tasks.measurements.measuring import measure
from pipeline_tasks.settings import QualitySettings


def redness(image: CanonicalPixels) -> float:
    """Mean of the red channel."""
    return float(image.pixels[..., 0].mean())


TOO_RED = QualityRule(name="too_red", column="redness", wanted="at most", setting="max_redness", measured="mean red")


class RedSettings(QualitySettings):
    """The limits with one more."""

    max_redness: float | None = 150.0


def judged() -> list[tuple[str, float, float]]:
    """Measure a red image and judge it."""
    pixels = np.random.default_rng(1).integers(0, 255, (80, 80, 3), np.uint8)
    pixels[..., 0] = 200
    images = pl.DataFrame([{"image_id": "0" * 64, "width_px": 80, "height_px": 80}])
    measurements = pl.DataFrame([{"image_id": "0" * 64} | measure(pixels, ["redness", *_columns()])])
    return judge(images, measurements, RedSettings()).select(pl.col("rule").cast(str), "value", "limit").rows()


def _columns() -> tuple[str, ...]:
    return ("luma_mean", "luma_contrast", "sharpness", "entropy_bits", "perceptual_hash", "pixels_sha256")
