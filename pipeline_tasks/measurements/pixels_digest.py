"""Digest of the canonical pixels."""

from __future__ import annotations

import hashlib

import numpy as np

from pipeline_tasks.measurements.canonical_pixels import CanonicalPixels


def pixels_sha256(image: CanonicalPixels) -> str:
    """Digest the shape with the pixels, because 2 x 3 and 3 x 2 images may hold the same bytes.

    Of a larger JPEG the data that its pixels depend on are digested instead.
    """
    if image.digest is not None:
        return image.digest
    digest = hashlib.sha256(repr(image.pixels.shape).encode())
    digest.update(np.ascontiguousarray(image.pixels).data)
    return digest.hexdigest()
