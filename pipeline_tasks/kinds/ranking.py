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
    if not is_true.any():
        return float("nan")
    recall, precision = precision_recall(is_true, scores)
    return float((np.diff(recall, prepend=0.0) * precision).sum())


def precision_recall(is_true: Flags, scores: Floats) -> tuple[Floats, Floats]:
    """Recall and precision above each distinct score, the highest first; both empty if none is true."""
    true = int(is_true.sum())
    if not true:
        return np.empty(0), np.empty(0)
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(is_true[order])
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    return hits[ends] / true, hits[ends] / (ends + 1)


def calibration_error(is_right: Flags, confidences: Floats) -> float:
    """Expected calibration error: mean distance of confidence and share of right answers, over 15 bins of equal width.

    Guo, Pleiss, Sun, Weinberger, On calibration of modern neural networks, ICML 2017. NaN without images. On few images it is too
    high even for a calibrated model, because each bin's share is uncertain.
    """
    if not len(is_right):
        return float("nan")
    gaps = np.bincount(bins_of(confidences), is_right - confidences, minlength=BINS)
    return float(np.abs(gaps).sum() / len(is_right))


def bins_of(confidences: Floats) -> npt.NDArray[np.int64]:
    """Number of each confidence's bin, from 0; a limit belongs to the lower bin."""
    return np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], confidences).astype(np.int64)


def reliability(is_right: Flags, confidences: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean confidence, share of right ones and number of each bin that has some; their mean distance is the calibration error."""
    bins = bins_of(confidences)
    counts, sums, right = (np.bincount(bins, one, BINS).astype(np.float64) for one in (np.ones(len(bins)), confidences, is_right))
    there = counts > 0
    return sums[there] / counts[there], right[there] / counts[there], counts[there]


def mean_of_known(values: list[float]) -> float:
    """Mean without NaNs; NaN if there is nothing else."""
    known = [one for one in values if not np.isnan(one)]
    return float(np.mean(known)) if known else float("nan")
