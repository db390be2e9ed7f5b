"""Positions in Label Studio's results as canonical (oriented) pixels.

Label Studio states positions in percent of the image that it shows, with that image's size beside each of them. People are shown a
copy of the canonical image, without EXIF, so these percent are of the canonical image, whatever the orientation of the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DECIMALS = 6
"""Positions are rounded to a millionth of a pixel, so that whole pixels come back whole."""


def shown_size(result: Mapping[str, Any]) -> tuple[int, int]:
    """Width and height in pixels of the image that one of Label Studio's results is about.

    Raises:
        ValueError: the result does not say it, or the image was turned in Label Studio; the message says which.
    """
    try:
        width_px, height_px = int(result["original_width"]), int(result["original_height"])
    except (KeyError, TypeError, ValueError):
        raise ValueError("does not say the size of the image (original_width, original_height)") from None
    if width_px < 1 or height_px < 1:
        raise ValueError(f"says that the image has {width_px} x {height_px} pixels")
    if turn := float(result.get("image_rotation") or 0) % 360:
        raise ValueError(f"was drawn on the image turned by {turn:g} degrees: turn it back in Label Studio and submit again")
    return width_px, height_px


def to_px(percent: float, side_px: int) -> float:
    """A position or a length in percent of a side, in pixels."""
    return round(float(percent) * side_px / 100, DECIMALS)


def to_percent(px: float, side_px: int) -> float:
    """A position or a length in pixels, in percent of a side."""
    return px * 100 / side_px
