"""Figures of how well scores rank what is true before what is not, and of how far probabilities are from the truth.

Each equals scikit-learn's to 1e-9 (tests/kinds/test_equal_to_sklearn.py).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline_tasks.kinds.scoring import Floats

Flags = npt.NDArray[np.bool_]
MIN_PROBABILITY = float(np.finfo(np.float64).eps)
"""Lower limit of a probability in a log loss, so that one certain mistake does not make it infinite; scikit-learn's."""
BINS = 15


def roc_auc(is_true: Flags, scores: Floats) -> float:
    """Share of pairs in which the true one has the higher score, equal ones half; NaN if all or none are true.

    Mann, Whitney, On a test of whether one of two random variables is stochastically larger than the other, 1947.
    """
    true = int(is_true.sum())
    pairs = true * (len(is_true) - true)
    if not pairs:
        return float("nan")
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return float((ranks[is_true].sum() - true * (true + 1) / 2) / pairs)


def average_precision(is_true: Flags, scores: Floats) -> float:
    """Area under the curve of precision over recall, as a sum of steps, one a distinct score; NaN if none is true.

    The trapezoid would promise precisions between two scores that no threshold reaches (Davis, Goadrich, ICML 2006).
    """
    true = int(is_true.sum())
    if not true:
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(is_true[order])
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    gained = np.diff(hits[ends], prepend=0)
    return float((gained * hits[ends] / (ends + 1)).sum() / true)


def calibration_error(is_right: Flags, confidences: Floats) -> float:
    """Expected calibration error: mean distance of confidence and share of right answers, over 15 bins of equal width.

    Guo, Pleiss, Sun, Weinberger, On calibration of modern neural networks, ICML 2017. NaN without images. On few images it is too
    high even for a calibrated model, because each bin's share is uncertain.
    """
    if not len(is_right):
        return float("nan")
    bins = np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], confidences)
    gaps = np.bincount(bins, is_right - confidences, minlength=BINS)
    return float(np.abs(gaps).sum() / len(is_right))


def mean_of_known(values: list[float]) -> float:
    """Mean without NaNs; NaN if there is nothing else."""
    known = [one for one in values if not np.isnan(one)]
    return float(np.mean(known)) if known else float("nan")
