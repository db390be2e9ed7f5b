"""The copy of an image that anybody may have: canonical pixels, oriented, in sRGB, without any metadata."""

from __future__ import annotations

import io

from PIL import Image

from pipeline_tasks.decoding.canonical_image import CanonicalImage

RECIPE = "canonical-1"
"""Whoever changes what `canonical_copy` writes changes this, so that copies of two recipes are never mixed."""


def canonical_format(file_format: str) -> str:
    """The format of the copy of a file of this format: JPEG stays JPEG, all else becomes PNG and loses nothing."""
    return "JPEG" if file_format == "JPEG" else "PNG"


def canonical_copy(canonical: CanonicalImage) -> bytes:
    """Encode a decoded image; the same image gives the same bytes as long as the encoder is the same."""
    buffer, image = io.BytesIO(), Image.fromarray(canonical.pixels)
    if canonical_format(canonical.file_format) == "JPEG":
        image.save(buffer, "JPEG", quality=95, subsampling=0)
    else:
        image.save(buffer, "PNG")
    return buffer.getvalue()
