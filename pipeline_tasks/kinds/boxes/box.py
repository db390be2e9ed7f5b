"""One object of the label kind `box`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    """A box in canonical (oriented) pixels: x to the right, y down, measured at the edges of pixels."""

    class_name: str
    x_min_px: float
    y_min_px: float
    width_px: float
    height_px: float
    corners_px: tuple[float, ...] = ()
    """The 4 corners of a rotated box as drawn, x and y by turns; its axis-aligned hull is the box. Empty without rotation."""
    confidence: float | None = None
    """A model's; None for a person's."""
