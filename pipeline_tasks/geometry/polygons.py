"""Polygons in pixels: area, hull, crossing of their own edges, clipping, and pixels by one rule.

Points are x, y, x, y, … with x to the right and y down; whole numbers are edges of pixels, so pixel (0, 0) has its centre at
(0.5, 0.5). The last point is joined to the first.

The rule for pixels: a pixel belongs to a polygon if its centre lies inside, by the even-odd rule. If its centre lies on an edge,
it belongs to the polygon whose inside is below the edge (to the right of it, for a vertical edge). So two polygons that share an
edge share no pixel and leave none between them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipeline_tasks.geometry.run_lengths import Integers, Size, from_toggles

Floats = npt.NDArray[np.float64]
_ROWS = 256
"""Edges that are compared with all others at once, so that memory grows with the number of edges alone."""


def area(points_px: Sequence[float]) -> float:
    """Area in square pixels, by the shoelace formula; 0 for fewer than 3 points."""
    x, y = _corners(points_px).T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def hull(points_px: Sequence[float]) -> tuple[float, float, float, float]:
    """The axis-aligned hull: x_min, y_min, width, height.

    Raises:
        ValueError: there are no points.
    """
    low, high = _corners(points_px).min(axis=0), _corners(points_px).max(axis=0)
    return float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1])


def crosses_itself(points_px: Sequence[float]) -> bool:
    """Return True if two edges cross; edges that only touch, as around a hole that was cut open, do not."""
    corners = _corners(points_px)
    starts = corners[(corners != np.roll(corners, 1, axis=0)).any(axis=1)]
    ends = np.roll(starts, -1, axis=0)
    return any(_any_crossing(starts[at : at + _ROWS], ends[at : at + _ROWS], starts, ends) for at in range(0, len(starts), _ROWS))


def clip(points_px: Sequence[float], size_px: Size) -> tuple[float, ...]:
    """The part inside an image of this size (Sutherland, Hodgman 1974, Reentrant polygon clipping); empty if nothing is left."""
    found = [(float(x), float(y)) for x, y in _corners(points_px)]
    for axis, edge in enumerate(size_px):
        found = _cut(_cut(found, axis, 0.0, 1), axis, float(edge), -1)
    return tuple(value for point in found for value in point)


def rasterise(points_px: Sequence[float], size_px: Size) -> str:
    """Run lengths of the pixels inside, by the rule above; parts outside of the image are left out."""
    width, height = size_px
    columns, crossings = _crossings(_corners(points_px), width)
    # The first pixel below a crossing is the first with its centre at or below it.
    rows = np.clip(np.ceil(crossings - 0.5), 0, height).astype(np.int64)
    places, counts = np.unique(columns * height + rows, return_counts=True)
    return from_toggles(places[counts % 2 == 1], width * height)


def _crossings(corners: Floats, width: int) -> tuple[Integers, Floats]:
    """Columns of pixels, and the heights at which an edge crosses the line of their centres."""
    following = np.roll(corners, -1, axis=0)
    is_forward = corners[:, :1] <= following[:, :1]
    left, right = np.where(is_forward, corners, following), np.where(is_forward, following, corners)
    first, last = (np.clip(np.ceil(side[:, 0] - 0.5), 0, width).astype(np.int64) for side in (left, right))
    counts = last - first
    edge = np.repeat(np.arange(len(corners)), counts)
    columns = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + first[edge]
    share = (columns + 0.5 - left[edge, 0]) / (right[edge, 0] - left[edge, 0])
    heights: Floats = left[edge, 1] + share * (right[edge, 1] - left[edge, 1])
    return columns, heights


def _any_crossing(starts: Floats, ends: Floats, other_starts: Floats, other_ends: Floats) -> bool:
    """Return True if one of these edges has both ends of another on different sides, and the other way round."""
    splits = _side(starts, ends, other_starts) * _side(starts, ends, other_ends) < 0
    is_split = _side(other_starts, other_ends, starts) * _side(other_starts, other_ends, ends) < 0
    return bool((splits & is_split.T).any())


def _side(starts: Floats, ends: Floats, points: Floats) -> Floats:
    """-1, 0 or 1 by the side of each edge (row) that each point (column) lies on."""
    way, to = (ends - starts)[:, np.newaxis], points[np.newaxis] - starts[:, np.newaxis]
    sides: Floats = np.sign(way[..., 0] * to[..., 1] - way[..., 1] * to[..., 0])
    return sides


def _cut(corners: list[tuple[float, float]], axis: int, limit: float, sign: int) -> list[tuple[float, float]]:
    """The part of a polygon beyond a limit along an axis (sign 1), or before it (sign -1)."""
    found: list[tuple[float, float]] = []
    for one, following in zip(corners, corners[1:] + corners[:1], strict=True):
        is_in, is_next_in = (sign * (point[axis] - limit) >= 0 for point in (one, following))
        if is_in:
            found.append(one)
        if is_in != is_next_in:
            share = (limit - one[axis]) / (following[axis] - one[axis])
            other = one[1 - axis] + share * (following[1 - axis] - one[1 - axis])
            found.append((limit, other) if axis == 0 else (other, limit))
    return found


def _corners(points_px: Sequence[float]) -> Floats:
    return np.asarray(points_px, np.float64).reshape(-1, 2)
