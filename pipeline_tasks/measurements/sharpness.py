"""Sharpness: blurring lowers it."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline_tasks.measurements.averages import box_sums
from pipeline_tasks.measurements.canonical_pixels import CanonicalPixels

SIDE_PX = 256
"""Sharpness is measured on an image of at most this side, so that sizes can be compared."""


def sharpness(image: CanonicalPixels) -> float:
    """Variance of the Laplacian of luma (Pech-Pacheco et al., ICPR 2000)."""
    values = _boxed(image.fine_luma) if image.is_small else np.asarray(_reduced(image.luma))
    if min(values.shape) < 3:
        return 0.0
    return _variance(np.asarray(cv2.Laplacian(values, cv2.CV_16S, ksize=1), np.int16)[1:-1, 1:-1])


def _variance(values: NDArray[np.int16]) -> float:
    """Variance, to the last bit as OpenCV's `meanStdDev` gives it, in half of its time: sums of whole numbers are exact."""
    numbers = values.astype(np.float64).ravel()
    share = 1.0 / numbers.size
    mean, squares = float(numbers.sum()) * share, float(numbers @ numbers) * share
    return math.sqrt(max(squares - mean * mean, 0.0)) ** 2


def _reduced(luma: Image.Image) -> Image.Image:
    if max(luma.size) <= SIDE_PX:
        return luma
    return luma.resize(_reduced_size(luma.size), Image.Resampling.BOX)


def _reduced_size(size_px: tuple[int, int]) -> tuple[int, int]:
    across, down = (max(1, round(length * SIDE_PX / max(size_px))) for length in size_px)
    return across, down


def _boxed(luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The same box, in a third of the time; a quotient of a half, which rounds to even, is exact in single precision, too."""
    height, width = luma.shape
    sums, areas = box_sums(luma, _reduced_size((width, height)))
    return np.rint(sums.astype(np.float32) / areas.astype(np.float32)).astype(np.uint8)
