"""Average precision of a detector on validation images, quick enough for each epoch; reports and gates use `scoring`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
LIMITS = np.arange(0.5, 1.0, 0.05)
"""Intersections over union at which a box counts as found, as COCO takes them."""


def average_precision(found: Sequence[Sequence[Floats]], targets: Sequence[Floats]) -> float:
    """Mean over classes and limits. `found`: boxes (B x 4), scores, class numbers an image; `targets`: A x 5, as assigned."""
    truths = [np.unique(one[one[:, 0] >= 0], axis=0) for one in targets]
    classes = np.unique(np.concatenate([one[:, 0] for one in truths])) if truths else np.empty(0)
    return float(np.mean([_of_class(found, truths, number) for number in classes])) if len(classes) else 0.0


def _of_class(found: Sequence[Sequence[Floats]], truths: Sequence[Floats], number: float) -> float:
    scores, hits, wanted = [], [], 0
    for (boxes, sure, numbers), truth in zip(found, truths, strict=True):
        mine, yours = (sure > 0) & (numbers == number), truth[truth[:, 0] == number][:, 1:]
        wanted += len(yours)
        scores.append(sure[mine])
        hits.append(_hits(boxes[mine], yours))
    order = np.argsort(-np.concatenate(scores), kind="stable")
    is_hit = np.concatenate(hits)[order]
    return float(np.mean([_area(is_hit[:, limit], wanted) for limit in range(len(LIMITS))]))


def _hits(boxes: Floats, truth: Floats) -> NDArray[np.bool_]:
    """Return True for boxes (the surest first) that find a box of the truth, at each limit."""
    hits = np.zeros((len(boxes), len(LIMITS)), bool)
    if not len(boxes) or not len(truth):
        return hits
    low, high = np.maximum(boxes[:, None, :2], truth[None, :, :2]), np.minimum(boxes[:, None, 2:], truth[None, :, 2:])
    both = np.clip(high - low, 0, None).prod(axis=2)
    either = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)[:, None] + (truth[:, 2:] - truth[:, :2]).prod(axis=1) - both
    overlap = both / np.maximum(either, 1e-9)
    for column, limit in enumerate(LIMITS):
        is_free = np.ones(len(truth), bool)
        for row in range(len(boxes)):
            best = int(np.where(is_free, overlap[row], -1).argmax())
            if is_free[best] and overlap[row, best] >= limit:
                is_free[best], hits[row, column] = False, True
    return hits


def _area(is_hit: NDArray[np.bool_], wanted: int) -> float:
    """Area under precision over recall at 101 recalls."""
    if not wanted or not len(is_hit):
        return 0.0
    right = np.cumsum(is_hit)
    precision = np.maximum.accumulate((right / np.arange(1, len(is_hit) + 1))[::-1])[::-1]
    places = np.searchsorted(right / wanted, np.linspace(0, 1, 101) - 1e-12)
    return float(np.where(places < len(precision), precision[np.minimum(places, len(precision) - 1)], 0).mean())
