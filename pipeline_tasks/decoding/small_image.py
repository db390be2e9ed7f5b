"""Small image: a large JPEG decoded at a half, a quarter or an eighth of its size, where only a small image is needed.

libjpeg reads all of the file's data at every size, so damage is found as in the whole image. Images of other formats and JPEGs that
are not large are their own small image.
"""

from __future__ import annotations

LEAST_SHORT_PX = 320
"""Minimum shorter side of a small image. It leaves 1.25 pixels for each of the backbone's 224 + 32."""
_REDUCTIONS = (8, 4, 2)


def reduction_of(size_px: tuple[int, int]) -> int:
    """The number that divides the sides of an image (width, height) in its small image: 1, 2, 4 or 8."""
    return next((number for number in _REDUCTIONS if -(-min(size_px) // number) >= LEAST_SHORT_PX), 1)
