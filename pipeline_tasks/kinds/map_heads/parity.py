"""Comparison of the objects that PyTorch and an exported file find in the same images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.kinds.map_heads.outputs import BOXES, CLASS_NUMBERS, SCORES

MAX_SCORE_DIFFERENCE = 1e-3
MIN_OVERLAP = 0.999
Found = Mapping[str, NDArray[Any]]
"""Outputs of one image by name."""


def greatest_difference(wanted: Sequence[Found], found: Sequence[Found], more: str = "") -> float:
    """Greatest difference of two scores, and of two numbers of the output `more`, of the same object.

    Objects are the same if class and box are; infinite if one is missing in the other.
    """
    pairs = zip(wanted, found, strict=True)
    return max((max(_lost(one, other, more), _lost(other, one, more)) for one, other in pairs), default=0.0)


def _lost(one: Found, other: Found, more: str) -> float:
    worst = 0.0
    there = other[SCORES] > 0
    for row, (box, score, number) in enumerate(zip(one[BOXES], one[SCORES], one[CLASS_NUMBERS], strict=True)):
        # A box that is hardly above the lowest score may be below it in the other.
        if score <= 0.01 + MAX_SCORE_DIFFERENCE:
            continue
        is_same = there & (other[CLASS_NUMBERS] == number) & (_overlaps(box, other[BOXES]) >= MIN_OVERLAP)
        off = np.abs(other[SCORES][is_same] - score)
        if more:
            rest = np.abs(other[more][is_same] - one[more][row])
            off = np.maximum(off, rest.max(axis=tuple(range(1, rest.ndim)), initial=0.0))
        worst = max(worst, float(off.min(initial=np.inf)))
    return worst


def _overlaps(box: NDArray[np.float32], boxes: NDArray[np.float32]) -> NDArray[np.float64]:
    low, high = np.maximum(boxes[:, :2], box[:2]).astype(np.float64), np.minimum(boxes[:, 2:], box[2:]).astype(np.float64)
    both = np.clip(high - low, 0, None).prod(axis=1)
    areas = (boxes[:, 2:] - boxes[:, :2]).astype(np.float64).prod(axis=1) + float((box[2:] - box[:2]).prod()) - both
    overlaps: NDArray[np.float64] = both / np.maximum(areas, 1e-12)
    return overlaps
