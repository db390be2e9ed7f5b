"""Placement of an image in the square that a model sees: one scale, a shift and perhaps a mirroring."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Placement:
    """Map from canonical pixels (edges, not centres) to pixels of a square: (x - left) * scale, then mirrored."""

    side_px: int
    """Side of the square."""
    scale: float
    """Pixels of the square for each pixel of the image."""
    left_px: float = 0.0
    """Canonical x at the left side of the square before mirroring; negative if there is room beside the image."""
    top_px: float = 0.0
    """Canonical y at the upper side of the square."""
    is_mirrored: bool = False
    """True if left and right are swapped."""

    def moved(self, side_px: int, x_px: int, y_px: int) -> Placement:
        """The same square as a part of a larger one, in which its upper left is at x and y."""
        beyond_px = x_px + self.side_px - side_px if self.is_mirrored else -x_px
        return Placement(
            side_px, self.scale, self.left_px + beyond_px / self.scale, self.top_px - y_px / self.scale, self.is_mirrored
        )

    def points(self, points: Floats) -> Floats:
        """Points (N x 2: x, y) in pixels of the square; some may lie outside."""
        placed: Floats = (np.asarray(points, np.float64).reshape(-1, 2) - (self.left_px, self.top_px)) * self.scale
        if self.is_mirrored:
            placed[:, 0] = self.side_px - placed[:, 0]
        return placed

    def boxes(self, boxes: Floats) -> Floats:
        """Boxes (N x 4: x_min, y_min, x_max, y_max) in pixels of the square; some may lie outside."""
        corners = self.points(np.asarray(boxes, np.float64).reshape(-1, 2)).reshape(-1, 2, 2)
        placed: Floats = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
        return placed


def whole_image(width_px: int, height_px: int, side_px: int) -> Placement:
    """Place a whole image in the upper left of the square; its longer side is the square's."""
    return Placement(side_px, side_px / max(width_px, height_px))
