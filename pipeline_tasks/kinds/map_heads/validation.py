"""Average precision on validation images, quick enough for each epoch; reports and gates use the kind's `scoring`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Likeness = Callable[[Floats, Floats], Floats]
"""Found objects (D rows) and targets of true ones of one class (G rows) → D x G, from 0 to 1."""
LIMITS = np.arange(0.5, 1.0, 0.05)
"""Likenesses from which on an object counts as found, as COCO takes them."""


def overlaps(boxes: Floats, truth: Floats) -> Floats:
    """Intersections over union of boxes (D x 4) with those of targets (G x 5)."""
    truth = truth[:, 1:]
    low, high = np.maximum(boxes[:, None, :2], truth[None, :, :2]), np.minimum(boxes[:, None, 2:], truth[None, :, 2:])
    both = np.clip(high - low, 0, None).prod(axis=2)
    either = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)[:, None] + (truth[:, 2:] - truth[:, :2]).prod(axis=1) - both
    found: Floats = both / np.maximum(either, 1e-9)
    return found


def average_precision(found: Sequence[Sequence[Floats]], targets: Sequence[Floats], likeness: Likeness = overlaps) -> float:
    """Mean over classes and limits. `found`: objects, scores, class numbers an image; `targets`: A rows, as assigned."""
    truths = [np.unique(one[one[:, 0] >= 0], axis=0) for one in targets]
    classes = np.unique(np.concatenate([one[:, 0] for one in truths])) if truths else np.empty(0)
    return float(np.mean([_of_class(found, truths, number, likeness) for number in classes])) if len(classes) else 0.0


def _of_class(found: Sequence[Sequence[Floats]], truths: Sequence[Floats], number: float, likeness: Likeness) -> float:
    scores, hits, wanted = [], [], 0
    for (objects, sure, numbers), truth in zip(found, truths, strict=True):
        mine, theirs = (sure > 0) & (numbers == number), truth[truth[:, 0] == number]
        wanted += len(theirs)
        scores.append(sure[mine])
        hits.append(_hits(likeness(objects[mine], theirs)))
    order = np.argsort(-np.concatenate(scores), kind="stable")
    is_hit = np.concatenate(hits)[order]
    return float(np.mean([_area(is_hit[:, limit], wanted) for limit in range(len(LIMITS))]))


def _hits(likeness: Floats) -> NDArray[np.bool_]:
    """Return True for objects (the surest first) that find a true one, at each limit."""
    hits = np.zeros((len(likeness), len(LIMITS)), bool)
    if not likeness.size:
        return hits
    for column, limit in enumerate(LIMITS):
        is_free = np.ones(likeness.shape[1], bool)
        for row in range(len(likeness)):
            best = int(np.where(is_free, likeness[row], -1).argmax())
            if is_free[best] and likeness[row, best] >= limit:
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
