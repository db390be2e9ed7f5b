"""The canonical image that every later step uses, whatever the file's format."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""Height x width x 3, RGB in sRGB, orientation applied."""


@dataclass(frozen=True)
class CanonicalImage:
    """A decoded file: canonical pixels, and properties of the file."""

    pixels: Pixels
    """Height x width x 3, uint8, sRGB; orientation applied, transparency composited on white."""
    file_format: str
    """JPEG, PNG, WEBP, BMP, TIFF or GIF, by content."""
    orientation: int
    """The EXIF orientation that was applied, 1 to 8."""
    frames: int
    """Frames in the file; the first one is the image."""
