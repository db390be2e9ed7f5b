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
    """JPEG, PNG, WEBP, BMP, TIFF, GIF or AVIF, by content."""
    orientation: int
    """The EXIF orientation that was applied, 1 to 8."""
    frames: int
    """Frames in the file; the first one is the image."""
    whole_px: tuple[int, int] | None = None
    """Width and height of the whole image, orientation applied, if these pixels are those of its small one."""
    digest: str | None = None
    """Of all that the pixels of the whole image depend on (64 hexadecimal digits), equal for files that differ in metadata alone;
    None: digest the pixels."""

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the whole image."""
        return self.whole_px or (self.pixels.shape[1], self.pixels.shape[0])
