"""Measurements of an image, taken once and judged against limits as often as needed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline_tasks.images.perceptual_hash import perceptual_hash

SHARPNESS_SIDE_PX = 256
"""Sharpness is measured on an image scaled down to this side, so that it does not depend on the size."""


@dataclass(frozen=True)
class Measured:
    """Measurements of one image, as in the table `measurements`."""

    pixels_sha256: str
    luma_mean: float
    luma_contrast: float
    sharpness: float
    entropy_bits: float
    perceptual_hash: int


def measure(pixels: NDArray[np.uint8]) -> Measured:
    """Measure canonical pixels (height x width x 3, uint8 RGB); luma is ITU-R BT.601, 0 to 255."""
    luma = Image.fromarray(pixels).convert("L")
    shares = np.asarray(luma.histogram(), np.float64) / (luma.width * luma.height)
    mean = float(shares @ _LEVELS)
    return Measured(
        pixels_sha256=_pixels_sha256(pixels),
        luma_mean=mean,
        luma_contrast=float(np.sqrt(shares @ (_LEVELS - mean) ** 2)),
        sharpness=sharpness(luma),
        entropy_bits=_entropy_bits(shares),
        perceptual_hash=perceptual_hash(luma),
    )


def sharpness(luma: Image.Image) -> float:
    """Variance of the Laplacian of a grey image; blurring lowers it (Pech-Pacheco et al., ICPR 2000)."""
    side = max(luma.size)
    if side > SHARPNESS_SIDE_PX:
        size = tuple(max(1, round(length * SHARPNESS_SIDE_PX / side)) for length in luma.size)
        luma = luma.resize((size[0], size[1]), Image.Resampling.BOX)
    values = np.asarray(luma, np.float32)
    if min(values.shape) < 3:
        return 0.0
    inner = values[1:-1, 1:-1]
    laplacian = values[:-2, 1:-1] + values[2:, 1:-1] + values[1:-1, :-2] + values[1:-1, 2:] - 4 * inner
    return float(laplacian.var(dtype=np.float64))


_LEVELS = np.arange(256, dtype=np.float64)


def _entropy_bits(shares: NDArray[np.float64]) -> float:
    """Shannon entropy of the luma histogram, 0 to 8 bits."""
    present = shares[shares > 0]
    return float(np.clip(-(present @ np.log2(present)), 0.0, 8.0))


def _pixels_sha256(pixels: NDArray[np.uint8]) -> str:
    """Digest of shape and pixels, because images of 2 x 3 and 3 x 2 may hold the same bytes."""
    digest = hashlib.sha256(repr(pixels.shape).encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()
