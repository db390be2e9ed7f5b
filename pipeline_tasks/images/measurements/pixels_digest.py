"""Digest of the canonical pixels."""

from __future__ import annotations

import hashlib

import numpy as np

from pipeline_tasks.images.canonical_pixels import CanonicalPixels


def pixels_sha256(image: CanonicalPixels) -> str:
    """Digest the shape with the pixels: 2 x 3 and 3 x 2 images may hold the same bytes."""
    digest = hashlib.sha256(repr(image.pixels.shape).encode())
    digest.update(np.ascontiguousarray(image.pixels).data)
    return digest.hexdigest()
