"""Things of one image as a head is trained on them: boxes, class numbers and points, placed in the square."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.geometry.placement import Placement
from pipeline_tasks.geometry.turn import Turn
from pipeline_tasks.kinds.keypoints.layout import PointLayout
from pipeline_tasks.kinds.keypoints.skeleton import HIDDEN, VISIBLE, Skeleton
from pipeline_tasks.kinds.map_heads.assignment import NOTHING, owners, seen
from pipeline_tasks.kinds.map_heads.parts import seen_parts
from pipeline_tasks.kinds.map_modelling import Part, Shapes

MARGIN_RATIO = 0.1
"""Margin around the points of a thing without a drawn box, on each side, as a share of their longer side."""
MIN_SIDE_RATIO = 1 / 16
"""Smallest side of that box, as a share of the image's longer side: points in a line, or alone, have no area."""
NOT_ASKED, NOT_PLACED = -1.0, 0.0
"""Flags of points of other classes, and of points that are not in the image; others are those of tables."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PlacedThings:
    """Things of one image in canonical pixels."""

    corners: Floats
    """N x 4: x_min, y_min, x_max, y_max."""
    class_numbers: NDArray[np.int64]
    points: Floats
    """N x points of all classes x 3: x, y, flag."""


def things_of(things: Sequence[Skeleton], layout: PointLayout, size_px: tuple[int, int]) -> PlacedThings:
    """Things of one image; those without a point that the skeleton has are left out."""
    numbers = {name: number for number, name in enumerate(layout.points)}
    rows = [(one, _row(one, layout)) for one in things]
    asked = [(one, row) for one, row in rows if (row[:, 2] > 0).any()]
    return PlacedThings(
        np.array([_corners(one, row, size_px) for one, row in asked], np.float64).reshape(-1, 4),
        np.array([numbers[one.class_name] for one, _ in asked], np.int64),
        np.array([row for _, row in asked], np.float64).reshape(-1, layout.count, 3),
    )


def _row(thing: Skeleton, layout: PointLayout) -> Floats:
    """Place and flag of each point of the layout."""
    placed = {one.name: (one.x_px, one.y_px, float(VISIBLE if one.is_visible else HIDDEN)) for one in thing.points}
    row = np.zeros((layout.count, 3))
    row[:, 2] = NOT_ASKED
    row[layout.of_class(thing.class_name)] = [placed.get(name, (0.0, 0.0, NOT_PLACED)) for name in layout.points[thing.class_name]]
    return row


def _corners(thing: Skeleton, row: Floats, size_px: tuple[int, int]) -> Floats:
    """The drawn box, or else the smallest one around the points with a margin; cut at the image's border."""
    if thing.x_min_px is not None:
        x, y, width, height = thing.box_px
        low, high = np.array([x, y]), np.array([x + width, y + height])
    else:
        placed = row[row[:, 2] > 0, :2]
        low, high = placed.min(axis=0), placed.max(axis=0)
        middle, half = (low + high) / 2, (high - low) / 2 + MARGIN_RATIO * float((high - low).max())
        half = np.maximum(half, MIN_SIDE_RATIO * max(size_px) / 2)
        low, high = middle - half, middle + half
    corners: Floats = np.clip(np.concatenate([low, high]), 0, [*size_px, *size_px])
    return corners


def in_turned_image(things: PlacedThings, turn: Turn) -> PlacedThings:
    """The same things in the turned image; places that are not known stay as they are."""
    places = turn.points(things.points[..., :2]).reshape(*things.points.shape[:2], 2)
    is_known = things.points[..., 2:] > 0
    points = np.concatenate([np.where(is_known, places, things.points[..., :2]), things.points[..., 2:]], axis=2)
    return PlacedThings(turn.boxes(things.corners), things.class_numbers, points)


def targets_of(things: PlacedThings, placement: Placement, shapes: Shapes, mirrored: NDArray[np.int64]) -> NDArray[np.float32]:
    """Target of each place in one view: A x (5 + 3 P): class number, corners of the box, then x, y and flag of each point.

    In pixels of the square; `mirrored` says which point is another one in a mirror.
    """
    cut, is_seen = seen(things.corners, placement)
    points = _placed_points(things.points[is_seen], placement)
    points = points[:, mirrored] if placement.is_mirrored else points
    return _at_places(cut[is_seen], things.class_numbers[is_seen], points, shapes)


def composed_targets(parts: Sequence[Part], shapes: Shapes, mirrored: NDArray[np.int64]) -> NDArray[np.float32]:
    """The same of the things of all parts, cut at what shows them; points that are not shown are not placed."""
    boxes, classes, placed = [], [], []
    for part in seen_parts(parts):
        cut, is_seen = part.seen(part.objects.corners)
        points = _placed_points(part.objects.points[is_seen], part.placement)
        is_hidden = ~part.shows(points[..., :2]) & (points[..., 2] > 0)
        points[is_hidden] = (0.0, 0.0, NOT_PLACED)
        placed.append(points[:, mirrored] if part.placement.is_mirrored else points)
        boxes.append(cut[is_seen])
        classes.append(part.objects.class_numbers[is_seen])
    return _at_places(np.concatenate(boxes), np.concatenate(classes), np.concatenate(placed), shapes)


def _at_places(boxes: NDArray[np.float32], class_numbers: NDArray[np.int64], points: Floats, shapes: Shapes) -> NDArray[np.float32]:
    """Numbers of the thing that each place shall find."""
    owner = owners(boxes, shapes)
    numbers = points.reshape(len(points), points.shape[1] * 3)
    rows = np.concatenate([class_numbers[:, None], boxes, numbers], axis=1)
    target = np.zeros((len(owner), 5 + points.shape[1] * 3), np.float32)
    target[:, 0] = NOTHING
    target[owner >= 0] = rows[owner[owner >= 0]]
    return target


def _placed_points(points: Floats, placement: Placement) -> Floats:
    """Points in the square; those outside of it are not placed."""
    placed = placement.points(points[..., :2]).reshape(*points.shape[:2], 2)
    is_inside = ((placed >= 0) & (placed <= placement.side_px)).all(axis=2)
    flags = np.where(is_inside | (points[..., 2] == NOT_ASKED), points[..., 2], NOT_PLACED)
    # Without a place there are no coordinates, so that equal things have equal rows.
    return np.concatenate([np.where(flags[..., None] > 0, placed, 0.0), flags[..., None]], axis=2)
