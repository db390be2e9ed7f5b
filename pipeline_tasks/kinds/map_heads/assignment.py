"""Assignment of boxes to the places of feature maps: which place shall find which box.

ATSS: a box is given to places near its centre whose anchor overlaps it more than most of the candidates do (Zhang et al., "Bridging
the Gap Between Anchor-based and Anchor-free Detection via Adaptive Training Sample Selection", CVPR 2020). No threshold is set.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.geometry.placement import Placement
from pipeline_tasks.kinds.map_modelling import Shapes

ANCHOR_STRIDES = 8
"""Side of a place's anchor, in strides; the paper's number."""
CANDIDATES = 9
"""Places a box and a map that are looked at; the paper's number."""
MIN_VISIBLE_RATIO = 0.35
"""Part of a box that a view must still show; what is cut more is not asked for."""
MIN_SIDE_PX = 2.0
"""Side of a box in the square below which it cannot be found."""
NOTHING = -1.0
"""Class number of a place without a box."""
Floats = NDArray[np.float32]


def places(shapes: Shapes) -> tuple[Floats, Floats]:
    """Centre (A x 2: x, y) and stride (A) of each place of all maps, in pixels of the square, as a head lists them."""
    centres, strides = [], []
    for shape in shapes:
        y, x = np.mgrid[: shape.height, : shape.width]
        centres.append(np.stack([x.ravel(), y.ravel()], axis=1) * shape.stride + shape.stride / 2)
        strides.append(np.full(shape.height * shape.width, shape.stride))
    return np.concatenate(centres).astype(np.float32), np.concatenate(strides).astype(np.float32)


def assigned(boxes: Floats, class_numbers: NDArray[np.int64], shapes: Shapes) -> Floats:
    """Target of each place: A x 5 (class number or NOTHING, then x_min, y_min, x_max, y_max in pixels of the square)."""
    owner = owners(boxes, shapes)
    target = np.zeros((len(owner), 5), np.float32)
    target[:, 0] = NOTHING
    is_owned = owner >= 0
    target[is_owned, 0] = class_numbers[owner[is_owned]]
    target[is_owned, 1:] = boxes[owner[is_owned]]
    return target


def seen(corners: NDArray[np.float64], placement: Placement) -> tuple[Floats, NDArray[np.bool_]]:
    """Boxes (N x 4, canonical pixels) in the square, cut at its border, and those of which a view still shows enough."""
    placed = placement.boxes(corners)
    cut = np.clip(placed, 0, placement.side_px)
    sides = cut[:, 2:] - cut[:, :2]
    areas = (placed[:, 2:] - placed[:, :2]).prod(axis=1)
    is_seen = (sides.min(axis=1, initial=np.inf) >= MIN_SIDE_PX) & (sides.prod(axis=1) >= MIN_VISIBLE_RATIO * areas)
    return cut.astype(np.float32), is_seen


def owners(boxes: Floats, shapes: Shapes) -> NDArray[np.int64]:
    """Number of the box that each place shall find, A; -1 for none."""
    centres, strides = places(shapes)
    if len(boxes) == 0:
        return np.full(len(centres), -1)
    half = strides[:, np.newaxis] * ANCHOR_STRIDES / 2
    overlap = _overlaps(boxes, np.concatenate([centres - half, centres + half], axis=1))
    is_candidate = _near_centres(boxes, centres, shapes)
    likeness = np.where(is_candidate, overlap, np.nan)
    limit = np.nanmean(likeness, axis=1) + np.nanstd(likeness, axis=1)
    is_given = is_candidate & (overlap >= limit[:, np.newaxis]) & _inside(boxes, centres)
    owner = np.where(is_given.any(axis=0), np.where(is_given, overlap, -1).argmax(axis=0), -1)
    _give_each_box_a_place(owner, overlap, boxes, centres)
    return owner


def _give_each_box_a_place(owner: NDArray[np.int64], overlap: Floats, boxes: Floats, centres: Floats) -> None:
    """Give a box without a place the free place that overlaps it most, and among those the nearest; `owner` is changed."""
    for number in np.setdiff1d(np.arange(len(boxes)), owner):
        middle = (boxes[number, :2] + boxes[number, 2:]) / 2
        distance = np.abs(centres - middle).sum(axis=1)
        order = np.lexsort((distance, -overlap[number]))
        free = order[owner[order] < 0]
        if len(free):
            owner[free[0]] = number


def _near_centres(boxes: Floats, centres: Floats, shapes: Shapes) -> NDArray[np.bool_]:
    """Return True for the places of each map nearest to a box's centre (boxes x A)."""
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    distance = np.square(middles[:, np.newaxis] - centres).sum(axis=2)
    found, start = np.zeros(distance.shape, bool), 0
    for shape in shapes:
        end = start + shape.height * shape.width
        count = min(CANDIDATES, end - start)
        nearest = np.argpartition(distance[:, start:end], count - 1, axis=1)[:, :count] + start
        np.put_along_axis(found, nearest, True, axis=1)
        start = end
    return found


def _inside(boxes: Floats, centres: Floats) -> NDArray[np.bool_]:
    """Return True for places whose centre is in a box (boxes x A)."""
    after = (centres > boxes[:, np.newaxis, :2]).all(axis=2)
    before = (centres < boxes[:, np.newaxis, 2:]).all(axis=2)
    return np.logical_and(after, before)


def _overlaps(boxes: Floats, anchors: Floats) -> Floats:
    """Intersection over union of each box with each anchor."""
    low = np.maximum(boxes[:, np.newaxis, :2], anchors[:, :2])
    high = np.minimum(boxes[:, np.newaxis, 2:], anchors[:, 2:])
    both = np.clip(high - low, 0, None).prod(axis=2)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)[:, np.newaxis] + (anchors[:, 2:] - anchors[:, :2]).prod(axis=1) - both
    overlaps: Floats = (both / np.maximum(areas, 1e-9)).astype(np.float32)
    return overlaps
