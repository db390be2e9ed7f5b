"""Figures of ranking and calibration in each of many bootstrap samples: images are sorted once, and each sample only counts them.

A sample that drew a split group twice counts its images twice; each value equals the figure of the drawn images.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline_tasks.kinds.ranking import BINS, Flags, bins_of
from pipeline_tasks.kinds.scoring import Floats, Integers

_CELLS = 1 << 19
"""Numbers that are worked on at once, so that a large test takes no more memory."""


@dataclass(frozen=True)
class AreaDraws:
    """Areas under the curves of one class, a value a sample."""

    roc_auc: Floats
    """`ranking.roc_auc`; NaN where a sample drew no image with the class, or none without it."""
    average_precision: Floats
    """`ranking.average_precision`; NaN where a sample drew no image with the class."""


def area_draws(is_true: Flags, scores: Floats, groups: Integers, draws: Floats) -> AreaDraws:
    """Both areas in each sample."""
    order = np.argsort(-scores, kind="stable")
    ties = _ties(scores[order])
    found = np.empty((2, len(draws)))
    for rows in _blocks(len(draws), len(order)):
        # Numbers of images up to 2^24 are exact in float32.
        drawn = draws[rows].astype(np.float32)[:, groups[order]]
        found[:, rows] = _areas(drawn, is_true[order], ties)
    return AreaDraws(found[0], found[1])


def _ties(ordered: Floats) -> tuple[Integers, Integers]:
    """For each place of the ordered scores the first place of an equal score, and the first after them."""
    starts = np.flatnonzero(np.diff(ordered, prepend=np.inf))
    sizes = np.diff(starts, append=len(ordered))
    return np.repeat(starts, sizes), np.repeat(starts + sizes, sizes)


def _areas(drawn: npt.NDArray[np.float32], is_true: Flags, ties: tuple[Integers, Integers]) -> tuple[Floats, Floats]:
    """Area under ROC: pairs in order, equal scores half. Average precision: a step a distinct score."""
    before, after = (ends[is_true] for ends in ties)
    places = np.append(0, np.cumsum(is_true))
    sums, hits = _sums(drawn), _sums(drawn[:, is_true])
    hits_before, hits_after = hits[:, places[before]], hits[:, places[after]]
    above, up_to = sums[:, before] - hits_before, sums[:, after] - hits_after
    true, other = hits[:, -1].astype(np.float64), (sums[:, -1] - hits[:, -1]).astype(np.float64)
    mine = drawn[:, is_true]
    in_order = (mine * (other[:, None] - (above + up_to) / 2)).sum(axis=1, dtype=np.float64)
    precisions = _ratio(hits_after.astype(np.float64), (hits_after + up_to).astype(np.float64), 0.0)
    return _ratio(in_order, true * other), _ratio((mine * precisions).sum(axis=1), true)


def _sums(drawn: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Running sums, beginning with 0."""
    found = np.zeros((len(drawn), drawn.shape[1] + 1), np.float32)
    np.cumsum(drawn, axis=1, out=found[:, 1:])
    return found


def calibration_error_draws(is_right: Flags, confidences: Floats, groups: Integers, draws: Floats) -> Floats:
    """Expected calibration error in each sample (`ranking.calibration_error`)."""
    cells = groups * BINS + bins_of(confidences)
    shape = draws.shape[1], BINS
    gaps = np.bincount(cells, is_right - confidences, minlength=shape[0] * BINS).reshape(shape)
    images = np.bincount(groups, minlength=shape[0]).astype(np.float64)
    return _ratio(np.abs(draws @ gaps).sum(axis=1), draws @ images)


def centred(draws: Floats, value: float) -> Floats:
    """Draws moved so that their mean is the value, and not below 0.

    Repeated images make the bins of a sample differ more, so that samples overstate a calibration error.
    """
    return np.maximum(draws - np.nanmean(draws) + value, 0.0)


def _blocks(samples: int, images: int) -> Iterator[slice]:
    rows = max(1, _CELLS // max(1, images))
    yield from (slice(start, start + rows) for start in range(0, samples, rows))


def _ratio(values: npt.NDArray[np.float64], of: npt.NDArray[np.float64], otherwise: float = float("nan")) -> Floats:
    return np.divide(values, of, out=np.full_like(values, otherwise), where=of > 0)
