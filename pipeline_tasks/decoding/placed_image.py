"""Images drawn into the square that a model with places sees: whole, or as a placement of an augmented view says."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from pipeline_tasks.decoding.canonical_image import Pixels
from pipeline_tasks.decoding.model_recipe import GREY
from pipeline_tasks.geometry.placement import Placement, whole_image


def whole_in_square(pixels: Pixels, side_px: int) -> Pixels:
    """The whole image in the upper left of a square, its longer side as long as the square's (uint8, side x side x 3)."""
    height, width = pixels.shape[:2]
    return placed_image(pixels, whole_image(width, height, side_px))


def placed_image(pixels: Pixels, placement: Placement) -> Pixels:
    """Draw canonical pixels (height x width x 3, uint8) into the square.

    Only whole pixels of the square are drawn, so that the scale is exactly the placement's; an image thinner than one pixel is
    widened to one.
    """
    side_px = placement.side_px
    square = np.full((side_px, side_px, 3), GREY, np.uint8)
    across = _span(pixels.shape[1], placement.left_px, placement.scale, side_px)
    down = _span(pixels.shape[0], placement.top_px, placement.scale, side_px)
    if across is not None and down is not None:
        (x0, x1, left, right), (y0, y1, top, bottom) = across, down
        drawn = Image.fromarray(pixels).resize(
            (x1 - x0, y1 - y0), Image.Resampling.BICUBIC, box=(left, top, right, bottom), reducing_gap=3.0
        )
        square[y0:y1, x0:x1] = np.asarray(drawn)
    return np.ascontiguousarray(square[:, ::-1]) if placement.is_mirrored else square


def _span(length: int, start: float, scale: float, side_px: int) -> tuple[int, int, float, float] | None:
    """First and last pixel of the square along one axis, and the part of the image drawn there; None if nothing is."""
    low, high = max(0.0, -start * scale), min(float(side_px), (length - start) * scale)
    if high <= low:
        return None
    first = min(math.ceil(low - 1e-9), side_px - 1)
    last = max(math.floor(high + 1e-9), first + 1)
    begin = min(max(start + first / scale, 0.0), length - 1e-6)
    return first, last, begin, max(min(start + last / scale, float(length)), begin + 1e-6)
