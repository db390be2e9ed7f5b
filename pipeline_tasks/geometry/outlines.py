"""Outlines of masks along the edges of their pixels, as one polygon.

Filled by the rule of `polygons`, the outline gives the same pixels. Holes and separate parts are joined by a bridge that is walked
forth and back, and so has no inside; other tools for polygons join parts in the same way.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from pipeline_tasks.geometry.run_lengths import Mask, Size, decode

Corner = tuple[int, int]


def outline(rle: str, size_px: Size) -> tuple[float, ...]:
    """Corners of the mask's outline, x and y by turns; none for an empty mask."""
    loops = _loops(decode(rle, size_px))
    if not loops:
        return ()
    corners = list(loops[0])
    for loop in loops[1:]:
        corners += [loops[0][0], *loop, loop[0]]
    if len(loops) > 1:
        corners.append(loops[0][0])
    return tuple(float(value) for corner in corners for value in corner)


def _loops(mask: Mask) -> list[list[Corner]]:
    """Closed ways along all edges between a pixel inside and one outside, each only with its corners."""
    following = _edges(mask)
    loops = []
    for start in list(following):
        while following[start]:
            way, at = [start], following[start].pop()
            while at != start:
                way.append(at)
                at = following[at].pop()
            loops.append(_corners(way))
    return loops


def _edges(mask: Mask) -> dict[Corner, list[Corner]]:
    """Corner of a pixel → ends of the edges that begin there, with the inside to the right of each."""
    inside = np.pad(np.asarray(mask, bool), 1)
    middle = inside[1:-1, 1:-1]
    sides = (
        (inside[:-2, 1:-1], (0, 0), (1, 0)),
        (inside[1:-1, 2:], (1, 0), (1, 1)),
        (inside[2:, 1:-1], (1, 1), (0, 1)),
        (inside[1:-1, :-2], (0, 1), (0, 0)),
    )
    following: dict[Corner, list[Corner]] = defaultdict(list)
    for neighbour, first, last in sides:
        for y, x in np.argwhere(middle & ~neighbour).tolist():
            following[x + first[0], y + first[1]].append((x + last[0], y + last[1]))
    return following


def _corners(way: list[Corner]) -> list[Corner]:
    """Points of a closed way at which it turns."""
    turned = []
    for before, at, after in zip([way[-1], *way[:-1]], way, [*way[1:], way[0]], strict=True):
        if (at[0] - before[0], at[1] - before[1]) != (after[0] - at[0], after[1] - at[1]):
            turned.append(at)
    return turned
