"""JPEGs that we hand out: pixels only, so that no position, device or name leaves with them."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from pipeline_tasks.decoding.canonical_image import Pixels


def encode_jpeg(pixels: Pixels, quality: int = 90) -> bytes:
    """Encode canonical pixels (height x width x 3, uint8 RGB) as a JPEG without any metadata."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def thumbnail(pixels: Pixels, max_side_px: int = 160) -> Pixels:
    """Make an image small enough for a table of many; one that is already small stays as it is."""
    image = Image.fromarray(pixels)
    image.thumbnail((max_side_px, max_side_px), Image.Resampling.BICUBIC, reducing_gap=2.0)
    return np.asarray(image)
