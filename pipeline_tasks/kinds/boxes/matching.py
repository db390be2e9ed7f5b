"""Pairs of boxes of two people, or of two labels, that mean the same object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline_tasks.geometry.boxes import as_rows, ious
from pipeline_tasks.kinds.boxes.box import Box

SAME_IOU = 0.5
"""Least intersection over union of two boxes of one object."""
CLASS_BONUS = 0.2
"""Lead of a pair of the same class over one of different classes at the same place."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Pair:
    """Two boxes of one object, by their numbers in both lists."""

    one: int
    other: int
    iou: float


def sides_of(boxes: Sequence[Box]) -> Floats:
    """Boxes as rows of x, y, width, height."""
    return as_rows([(one.x_min_px, one.y_min_px, one.width_px, one.height_px) for one in boxes])


def place_of(box: Box) -> tuple[float, ...]:
    """Sort key of a box by its place, from the top."""
    return box.y_min_px, box.x_min_px, box.height_px, box.width_px, *box.corners_px


def likely_pairs(one: Sequence[Box], other: Sequence[Box], *, same_class: bool = False) -> list[tuple[float, Pair]]:
    """All pairs that overlap enough, each with its score; best first, and independent of the order of the boxes."""
    overlaps = ious(sides_of(one), sides_of(other))
    found = []
    for i, j in np.argwhere(overlaps >= SAME_IOU).tolist():
        is_same = one[i].class_name == other[j].class_name
        if is_same or not same_class:
            iou = float(overlaps[i, j])
            found.append((iou + CLASS_BONUS * is_same, Pair(i, j, iou)))
    return sorted(found, key=lambda scored: (-scored[0], *sorted([_key(one[scored[1].one]), _key(other[scored[1].other])])))


def pairs(one: Sequence[Box], other: Sequence[Box], *, same_class: bool = False) -> list[Pair]:
    """Each box in at most one pair, best pairs first."""
    taken_one, taken_other, found = set[int](), set[int](), []
    for _, pair in likely_pairs(one, other, same_class=same_class):
        if pair.one not in taken_one and pair.other not in taken_other:
            taken_one.add(pair.one)
            taken_other.add(pair.other)
            found.append(pair)
    return found


def _key(box: Box) -> tuple[str, ...]:
    """Sort key of a box by all that it is."""
    return box.class_name, *(f"{one:.6f}" for one in place_of(box))
