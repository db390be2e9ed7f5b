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
    """Means of an image (height x width) in as many boxes of whole pixels across and down."""
    sums, areas = box_sums(luma, size_px)
    means: NDArray[np.float64] = sums / areas
    return means


def box_sums(luma: NDArray[np.uint8], size_px: tuple[int, int]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Sums and numbers of pixels in the same boxes, by differences of sums.

    Pillow's box filter takes the same boxes, and rounds once more between both directions.
    """
    across, down = (
        (np.arange(count + 1) * (length / count) + 0.5).astype(np.int32)
        for count, length in zip(size_px, luma.shape[::-1], strict=True)
    )
    # `take` with this mode is the fastest way to single rows and columns; all indices are inside.
    corners = np.take(np.take(cv2.integral(luma), down, axis=0, mode="clip"), across, axis=1, mode="clip")
    rows = np.subtract(corners[1:], corners[:-1])
    return np.subtract(rows[:, 1:], rows[:, :-1]), np.multiply.outer(down[1:] - down[:-1], across[1:] - across[:-1])
