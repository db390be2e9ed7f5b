"""Statistics of luma, all from its histogram."""

from __future__ import annotations

import numpy as np

from pipeline_tasks.measurements.canonical_pixels import CanonicalPixels

_LEVELS = np.arange(256, dtype=np.float64)


def luma_mean(image: CanonicalPixels) -> float:
    """Mean luma, 0 to 255."""
    return float(image.luma_shares @ _LEVELS)


def luma_contrast(image: CanonicalPixels) -> float:
    """Standard deviation of luma."""
    return float(np.sqrt(image.luma_shares @ (_LEVELS - luma_mean(image)) ** 2))


def entropy_bits(image: CanonicalPixels) -> float:
    """Shannon entropy of the histogram, 0 to 8 bits."""
    present = image.luma_shares[image.luma_shares > 0]
    return float(np.clip(-(present @ np.log2(present)), 0.0, 8.0))
