"""JPEGs without metadata, so that no position, device or name is handed out."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from pipeline_tasks.decoding.canonical_image import CanonicalImage, Pixels


def encode_jpeg(pixels: Pixels, quality: int = 90) -> bytes:
    """Encode canonical pixels (height x width x 3, uint8 RGB) as a JPEG without any metadata."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def decode_jpeg(content: bytes) -> Pixels | None:
    """Decode a JPEG of our own making (height x width x 3, uint8 RGB); None if it is damaged."""
    try:
        return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
    except OSError:  # Pillow's word for all that it cannot read.
        return None


def thumbnail(pixels: Pixels, max_side_px: int = 160, reducing_gap: float = 2.0) -> Pixels:
    """Shrink an image for a table of many; a small image is returned unchanged.

    `reducing_gap`: as in Pillow; less is faster.
    """
    image = Image.fromarray(pixels)
    image.thumbnail((max_side_px, max_side_px), Image.Resampling.BICUBIC, reducing_gap=reducing_gap)
    return np.asarray(image)


def small_thumbnail(image: CanonicalImage, max_side_px: int = 160) -> Pixels:
    """Thumbnail of a decoded image. One of a small image takes less care, because libjpeg has averaged it already."""
    return thumbnail(image.pixels, max_side_px, reducing_gap=2.0 if image.whole_px is None else 1.0)
