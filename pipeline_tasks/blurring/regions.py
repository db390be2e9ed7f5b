"""Regions of an image that nobody can make out any more."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from pipeline_tasks.decoding.canonical_image import Pixels

CELLS = 5
"""Colours that are left along the longer side of a region: a face of so few cannot be told from another by people or programs."""


def without_regions(pixels: Pixels, boxes: npt.NDArray[np.float64], margin: float) -> Pixels:
    """A copy of canonical pixels (height x width x 3, uint8) in which each box (left, top, right, bottom in pixels) is blurred.

    A box without an area is left out; each other one grows by `margin` of its longer side first. What is left of it is at most
    `CELLS` mean colours along its longer side.
    """
    blurred, (height, width) = pixels.copy(), pixels.shape[:2]
    for left, top, right, bottom in boxes.tolist():
        more = margin * max(right - left, bottom - top)
        first_x, last_x = max(0, int(np.floor(left - more))), min(width, int(np.ceil(right + more)))
        first_y, last_y = max(0, int(np.floor(top - more))), min(height, int(np.ceil(bottom + more)))
        if left < right and top < bottom and first_x < last_x and first_y < last_y:
            blurred[first_y:last_y, first_x:last_x] = _blurred(blurred[first_y:last_y, first_x:last_x])
    return blurred


def _blurred(region: Pixels) -> Pixels:
    """The same region in few mean colours, with soft borders between them."""
    height, width = region.shape[:2]
    cell = max(height, width) / CELLS
    small = cv2.resize(region, (max(1, round(width / cell)), max(1, round(height / cell))), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
