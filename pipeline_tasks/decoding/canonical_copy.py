"""Public copy of an image: canonical pixels, oriented, in sRGB, without any metadata."""

from __future__ import annotations

import io

from PIL import Image

from pipeline_tasks.decoding.canonical_image import CanonicalImage

RECIPE = "canonical-1"
"""Bump when the bytes that `canonical_copy` writes change, so that copies of two recipes are never mixed."""


def canonical_format(file_format: str) -> str:
    """Format of the copy of a file of this format: JPEG stays JPEG, all others become lossless PNG."""
    return "JPEG" if file_format == "JPEG" else "PNG"


def canonical_copy(canonical: CanonicalImage) -> bytes:
    """Encode a decoded image; the same image and encoder give the same bytes."""
    buffer, image = io.BytesIO(), Image.fromarray(canonical.pixels)
    if canonical_format(canonical.file_format) == "JPEG":
        image.save(buffer, "JPEG", quality=95, subsampling=0)
    else:
        image.save(buffer, "PNG")
    return buffer.getvalue()
