"""Matches of predicted with true objects in one image, as COCO's evaluation makes them.

The surest prediction chooses first, and takes the most alike true object that is still free. True objects of another size than
the one that is asked for are ignored: they are taken only by predictions that find nothing else, which then do not count.
Source: pycocotools, `COCOeval.evaluateImg`; Lin et al., Microsoft COCO: Common Objects in Context, ECCV 2014.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

THRESHOLDS: Floats = np.linspace(0.5, 0.95, 10, dtype=np.float64)
"""Likenesses (IoU, OKS) from which on a prediction counts as right; AP is the mean over them."""
_ALWAYS_ENOUGH = 1 - 1e-10
FREE = -1


def greedy_matches(likeness: Floats, is_ignored: Flags, thresholds: Floats = THRESHOLDS) -> Integers:
    """Number of the true object that each prediction takes at each threshold, T x D; -1 for none.

    `likeness` is D x G: predictions from the surest to the least sure, by true objects. `is_ignored` marks true objects.
    """
    matched = np.full((len(thresholds), len(likeness)), FREE)
    options = _options(likeness, is_ignored, float(thresholds.min()))
    for row, threshold in enumerate(thresholds.tolist()):
        taken: set[int] = set()
        for prediction, candidates in options:
            found = _best(candidates, taken, min(threshold, _ALWAYS_ENOUGH))
            if found != FREE:
                taken.add(found)
                matched[row, prediction] = found
    return matched


def _options(likeness: Floats, is_ignored: Flags, least: float) -> list[tuple[int, list[tuple[int, float, bool]]]]:
    """Prediction → true objects that are alike enough for any threshold, with likeness; ignored ones come last."""
    found: dict[int, list[tuple[int, float, bool]]] = {}
    order = np.argsort(is_ignored, kind="stable")
    rows, columns = np.nonzero(likeness[:, order] >= min(least, _ALWAYS_ENOUGH))
    true = order[columns]
    for row, column, value, ignored in zip(
        rows.tolist(), true.tolist(), likeness[rows, true].tolist(), is_ignored[true].tolist(), strict=True
    ):
        found.setdefault(row, []).append((column, value, ignored))
    return list(found.items())


def _best(candidates: list[tuple[int, float, bool]], taken: set[int], threshold: float) -> int:
    """The most alike free one, of equal ones the last; an ignored one only if there is no other."""
    best, found, is_counted = threshold, FREE, False
    for true, value, ignored in candidates:
        if ignored and is_counted:
            break
        if true not in taken and value >= best:
            best, found, is_counted = value, true, not ignored
    return found
