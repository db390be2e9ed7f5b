"""Recipes of the model-size image and their digests, which a model's file names; needs no decoder."""

from __future__ import annotations

import hashlib
import json

from pipeline_tasks.kinds.decoding import CENTRE, WHOLE, Framing

RECIPE = {
    "version": 1,
    "crop": "centre square, side / (side + 32) of the shorter side",
    "resize": "Pillow bicubic, antialiased, reducing_gap 3",
    "colour": "sRGB uint8",
}
"""Change this when the output of `model_image` changes; every digest made from it then changes too."""
WHOLE_RECIPE = {
    "version": 1,
    "place": "whole, upper left, longer side = side, 127 beside it",
    "resize": "Pillow bicubic, antialiased, reducing_gap 3",
    "colour": "sRGB uint8",
}
"""The same for images that are framed whole."""
MARGIN_PX = 32
GREY = 127
"""Beside an image that is framed whole; the value that the default backbone takes for nothing."""


def centre_crop(size_px: tuple[int, int], side_px: int) -> tuple[float, float, float]:
    """Left, top and side of the square that the centre recipe cuts out of an image of this width and height."""
    width, height = size_px
    crop = min(height, width) * side_px / (side_px + MARGIN_PX)
    return (width - crop) / 2, (height - crop) / 2, crop


def recipe_digest(side_px: int, framing: Framing = CENTRE) -> str:
    """Digest of the recipe at this size: 64 hexadecimal digits that change whenever the model-size image may change."""
    recipe = WHOLE_RECIPE if framing == WHOLE else RECIPE
    return hashlib.sha256(json.dumps(recipe | {"side_px": side_px}, sort_keys=True).encode()).hexdigest()
