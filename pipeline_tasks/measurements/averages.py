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


def box_means(luma: NDArray[np.uint8], size_px: tuple[int, int]) -> NDArray[np.float64]:
    """Means of an image (height x width) in as many boxes of whole pixels across and down, by differences of sums.

    Pillow's box filter takes the same boxes, and rounds once more between both directions.
    """
    across, down = (
        (np.arange(count + 1) * (length / count) + 0.5).astype(np.intp)
        for count, length in zip(size_px, luma.shape[::-1], strict=True)
    )
    sums = np.diff(np.diff(cv2.integral(luma)[down][:, across], axis=0), axis=1)
    means: NDArray[np.float64] = sums / np.outer(np.diff(down), np.diff(across))
    return means
