"""Averages of 2 x 2 pixels: a fast way to a smaller image, before a slower filter makes the size that is wanted."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def averaged(pixels: NDArray[np.uint8], least_long_px: int) -> NDArray[np.uint8]:
    """Average an image (height x width, or height x width x 3) by 2 x 2 while its longer side keeps at least this many pixels."""
    while max(pixels.shape[:2]) >= 2 * least_long_px and min(pixels.shape[:2]) > 1:
        height, width = pixels.shape[0] // 2, pixels.shape[1] // 2
        even = pixels[: 2 * height, : 2 * width]
        pixels = np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    return pixels
