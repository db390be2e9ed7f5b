"""Axis-aligned boxes as rows of x, y, width, height: areas, overlaps and cuts.

x and y are the left and the top edge, so that two boxes that only touch do not overlap, and a box without width or height has
area 0 and overlaps nothing. The unit does not matter, as long as both sets have the same one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def as_rows(boxes: npt.ArrayLike) -> Floats:
    """N x 4 numbers, also for no box at all."""
    return np.asarray(boxes, np.float64).reshape(-1, 4)


def areas(boxes: Floats) -> Floats:
    """Area of each box."""
    found: Floats = boxes[:, 2] * boxes[:, 3]
    return found


def intersections(one: Floats, other: Floats) -> Floats:
    """Common area of each box of `one` (N x 4) with each of `other` (M x 4), as N x M."""
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum((one[:, :2] + one[:, 2:])[:, None], (other[:, :2] + other[:, 2:])[None])
    found: Floats = np.clip(high - low, 0.0, None).prod(axis=2)
    return found


def ious(one: Floats, other: Floats) -> Floats:
    """Intersection over union of each box of `one` (N x 4) with each of `other` (M x 4), as N x M."""
    common = intersections(one, other)
    unions = areas(one)[:, None] + areas(other)[None] - common
    return np.divide(common, unions, out=np.zeros_like(common), where=common > 0)


def clipped(boxes: Floats, width: float, height: float) -> Floats:
    """Boxes cut to an image of that size; one that is wholly outside keeps no area."""
    limits = np.array([width, height], np.float64)
    low = np.clip(boxes[:, :2], 0.0, limits)
    high = np.clip(boxes[:, :2] + boxes[:, 2:], 0.0, limits)
    return np.concatenate([low, np.clip(high - low, 0.0, None)], axis=1)


def to_corners(boxes: Floats) -> Floats:
    """The same boxes as left, top, right and bottom edge."""
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)


def from_corners(corners: Floats) -> Floats:
    """Boxes from left, top, right and bottom edge."""
    return np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)


def hull(points_px: npt.ArrayLike) -> Floats:
    """The smallest box around points (x, y, x, y, …), as 4 numbers."""
    points = np.asarray(points_px, np.float64).reshape(-1, 2)
    low = points.min(axis=0)
    return np.concatenate([low, points.max(axis=0) - low])
