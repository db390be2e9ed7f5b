"""Comparison of the objects that PyTorch and an exported file find in the same images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.kinds.map_heads.outputs import BOXES, CLASS_NUMBERS, MAX_OVERLAP, MIN_SCORE, SCORES

MAX_SCORE_DIFFERENCE = 1e-3
MIN_OVERLAP = 0.999
OVERLAP_MARGIN = 0.01
"""Distance to suppression's limit within which rounding may decide."""
MAX_ROUNDED_RATIO = 0.01
"""Share of all objects that may be missing by rounding; a fault of the file shows in most of them."""
Found = Mapping[str, NDArray[Any]]
"""Outputs of one image by name."""


def greatest_difference(wanted: Sequence[Found], found: Sequence[Found], more: str = "") -> float:
    """Greatest difference of two scores, and of two numbers of the output `more`, of the same object.

    Objects are the same if class and box are; infinite if one is missing in the other. A few may be missing by rounding: where two
    boxes overlap by almost exactly the limit, or are equally sure, the last bit decides which of them stands.
    """
    pairs = [both for one, other in zip(wanted, found, strict=True) for both in ((one, other), (other, one))]
    objects = [one for first, second in pairs for one in _differences(first, second, more)]
    rounded = sum(one is None for one in objects)
    if rounded > MAX_ROUNDED_RATIO * len(objects):
        return float("inf")
    return max((one for one in objects if one is not None), default=0.0)


def _differences(one: Found, other: Found, more: str) -> Iterator[float | None]:
    """Difference of each object of the first to its like in the second: infinite if there is none, None if that is by rounding."""
    there = other[SCORES] > 0
    for row, (box, score, number) in enumerate(zip(one[BOXES], one[SCORES], one[CLASS_NUMBERS], strict=True)):
        # A box that is hardly above the lowest score may be below it in the other.
        if score <= MIN_SCORE + MAX_SCORE_DIFFERENCE:
            continue
        overlaps = np.where(there & (other[CLASS_NUMBERS] == number), _overlaps(box, other[BOXES]), 0.0)
        is_same = overlaps >= MIN_OVERLAP
        off = np.abs(other[SCORES][is_same] - score)
        if more:
            rest = np.abs(other[more][is_same] - one[more][row])
            off = np.maximum(off, rest.max(axis=tuple(range(1, rest.ndim)), initial=0.0))
        has_rival = overlaps.max(initial=0.0) >= MAX_OVERLAP - OVERLAP_MARGIN
        is_last = score <= other[SCORES][there].min(initial=np.inf) + MAX_SCORE_DIFFERENCE
        yield None if not is_same.any() and there.any() and (has_rival or is_last) else float(off.min(initial=np.inf))


def _overlaps(box: NDArray[np.float32], boxes: NDArray[np.float32]) -> NDArray[np.float64]:
    low, high = np.maximum(boxes[:, :2], box[:2]).astype(np.float64), np.minimum(boxes[:, 2:], box[2:]).astype(np.float64)
    both = np.clip(high - low, 0, None).prod(axis=1)
    areas = (boxes[:, 2:] - boxes[:, :2]).astype(np.float64).prod(axis=1) + float((box[2:] - box[:2]).prod()) - both
    overlaps: NDArray[np.float64] = both / np.maximum(areas, 1e-12)
    return overlaps
