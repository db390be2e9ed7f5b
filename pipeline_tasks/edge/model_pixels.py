"""Model-size image by OpenCV: the recipes of `decoding.model_recipe`, where Pillow is not there.

Crop and scale are the same; the filter is OpenCV's, so pixels differ a little from the server's; `make bench-edge` says how much.
"""

from __future__ import annotations

import cv2
import numpy as np

from pipeline_tasks.decoding.model_recipe import GREY, centre_crop
from pipeline_tasks.edge.frame import Pixels
from pipeline_tasks.geometry.placement import whole_image
from pipeline_tasks.kinds.decoding import CENTRE, WHOLE, Framing


def model_pixels(pixels: Pixels, side_px: int, framing: Framing = CENTRE) -> Pixels:
    """Make the model-size image (side x side x 3, red first) from a frame (height x width x 3, blue first)."""
    height, width = pixels.shape[:2]
    if framing == WHOLE:
        scale = whole_image(width, height, side_px).scale
        across, down = (min(side_px, max(1, round(length * scale))) for length in (width, height))
        square = np.full((side_px, side_px, 3), GREY, np.uint8)
        square[:down, :across] = _resized(pixels, across, down)
        return _red_first(square)
    left, top, crop = centre_crop((width, height), side_px)
    rows = slice(round(top), max(round(top + crop), round(top) + 1))
    columns = slice(round(left), max(round(left + crop), round(left) + 1))
    return _red_first(_resized(pixels[rows, columns], side_px, side_px))


def _resized(pixels: Pixels, width: int, height: int) -> Pixels:
    is_smaller = width < pixels.shape[1]
    resized: Pixels = np.asarray(
        cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA if is_smaller else cv2.INTER_CUBIC), np.uint8
    )
    return resized


def _red_first(pixels: Pixels) -> Pixels:
    return np.ascontiguousarray(pixels[:, :, ::-1])
