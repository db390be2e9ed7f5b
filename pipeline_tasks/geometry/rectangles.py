"""Rectangles by their 4 corners, x and y by turns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

SLACK = 1e-3
"""Share of its longer side by which a corner may be off, as tools round to a hundredth of a pixel."""


def is_rotated_rectangle(corners_px: Sequence[float]) -> bool:
    """Return True if these are the corners of a rectangle, in order, whose sides are not those of the axes."""
    corners = np.asarray(corners_px, np.float64).reshape(4, 2)
    along, down = corners[1] - corners[0], corners[3] - corners[0]
    lengths = float(np.hypot(*along)), float(np.hypot(*down))
    slack = SLACK * max(lengths)
    is_closed = bool(np.abs(corners[2] - (corners[0] + along + down)).max() <= slack)
    is_square_on = abs(float(along @ down)) <= slack * max(lengths)
    has_turn = bool(np.abs(along).min() > slack)
    return min(lengths) > 0 and is_closed and is_square_on and has_turn


def clockwise(corners_px: Sequence[float]) -> tuple[float, ...]:
    """The corners so that they go to the right around the rectangle (y is down), with the same side first."""
    corners = np.asarray(corners_px, np.float64).reshape(4, 2)
    along, down = corners[1] - corners[0], corners[3] - corners[0]
    is_right = along[0] * down[1] - along[1] * down[0] >= 0
    return tuple(float(value) for value in (corners if is_right else corners[[1, 0, 3, 2]]).ravel())
