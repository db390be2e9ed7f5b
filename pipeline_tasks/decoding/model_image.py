"""The one resize, used for embedding, training, evaluation and serving.

Centre crop of side / (side + 32) of the shorter side, then bicubic: what the default backbone was trained on.
"""

from __future__ import annotations

import hashlib
import json

import numpy as np
from PIL import Image

from pipeline_tasks.decoding.canonical_image import Pixels

RECIPE = {
    "version": 1,
    "crop": "centre square, side / (side + 32) of the shorter side",
    "resize": "Pillow bicubic, antialiased, reducing_gap 3",
    "colour": "sRGB uint8",
}
"""Change this when the output of `model_image` changes; every digest made from it then changes too."""


def model_image(pixels: Pixels, side_px: int) -> Pixels:
    """Make the model-size image (side x side x 3, uint8) from canonical pixels (height x width x 3, uint8)."""
    height, width = pixels.shape[:2]
    crop = min(height, width) * side_px / (side_px + 32)
    left, top = (width - crop) / 2, (height - crop) / 2
    image = Image.fromarray(pixels).resize(
        (side_px, side_px), Image.Resampling.BICUBIC, box=(left, top, left + crop, top + crop), reducing_gap=3.0
    )
    return np.asarray(image)


def recipe_digest(side_px: int) -> str:
    """Digest of the recipe at this size: 64 hexadecimal digits that change whenever the model-size image may change."""
    return hashlib.sha256(json.dumps(RECIPE | {"side_px": side_px}, sort_keys=True).encode()).hexdigest()
