"""Sharpness: blurring lowers it."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image

from pipeline_tasks.measurements.canonical_pixels import CanonicalPixels

SIDE_PX = 256
"""Sharpness is measured on an image of at most this side, so that sizes can be compared."""


def sharpness(image: CanonicalPixels) -> float:
    """Variance of the Laplacian of luma (Pech-Pacheco et al., ICPR 2000)."""
    values = np.asarray(_reduced(image.luma))
    if min(values.shape) < 3:
        return 0.0
    laplacian = cv2.Laplacian(values, cv2.CV_16S, ksize=1)[1:-1, 1:-1]
    return float(cv2.meanStdDev(laplacian)[1].item() ** 2)


def _reduced(luma: Image.Image) -> Image.Image:
    side = max(luma.size)
    if side <= SIDE_PX:
        return luma
    size = tuple(max(1, round(length * SIDE_PX / side)) for length in luma.size)
    return luma.resize((size[0], size[1]), Image.Resampling.BOX)
