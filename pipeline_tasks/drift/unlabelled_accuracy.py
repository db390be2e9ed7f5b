"""Accuracy on production images that nobody has labelled, from the model's confidence and from labelled images.

Two estimates that err differently, so that their distance is a warning. By a threshold (ATC: Garg et al., ICLR 2022): the share of
images whose confidence is above the one that as large a share of labelled images exceeds as is right. By calibrated confidence
(NannyML's CBPE; isotonic calibration: Zadrozny, Elkan, KDD 2002): its mean, after labelled images said how often each confidence
is right. Both hold while a confidence means what it meant: other shares of easy and hard images, not images that fool the model.
Labelled images may be given corrupted as well, as further frames of a clip (Tomani et al., CVPR 2021), and then teach what
confidence means on them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline_tasks.drift.sample import Floats, Integers, Words
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.intervals.bootstrap import draw_groups, percentile_interval
from pipeline_tasks.intervals.resampled import Estimate

SAMPLES, CONFIDENCE = 400, 0.95
LEAST_LABELLED = 30
_BINS = 50


@dataclass(frozen=True)
class Confidences:
    """Confidence of the model in what it predicted, from 0 to 1, of N images."""

    values: Floats
    clips: Words
    """Clip of each image, or the image itself: whole ones are drawn for the interval."""


@dataclass(frozen=True)
class AccuracyEstimates:
    """Accuracy on production images, with 95 % intervals over labelled and production images."""

    by_threshold: Estimate
    by_confidence: Estimate
    labelled_accuracy: float

    @property
    def spread(self) -> float:
        """Distance of the two estimates: a large one says that confidences have changed their meaning."""
        return abs(self.by_threshold.value - self.by_confidence.value)


def estimate_accuracy(
    labelled: Confidences, is_right: npt.NDArray[np.bool_], production: Confidences, seed: int
) -> AccuracyEstimates:
    """Estimate the accuracy on production images from labelled ones that the model has not learnt from.

    Raises:
        SettingsError: there are fewer than 30 labelled images, or no production images.
    """
    if len(labelled.values) < LEAST_LABELLED or not len(production.values):
        raise SettingsError(
            f"{len(labelled.values)} labelled and {len(production.values)} production images: give at least {LEAST_LABELLED} and 1"
        )
    known, asked = _sorted(labelled, seed), _sorted(production, seed + 1)
    right = is_right[known.order].astype(np.float64)
    by_threshold, by_confidence = _by_threshold(known, right, asked), _by_confidence(known, right, asked)
    return AccuracyEstimates(_estimate(by_threshold), _estimate(by_confidence), float(right.mean()))


@dataclass(frozen=True)
class _Sorted:
    order: Integers
    values: Floats
    drawn: Floats
    """Number of times that each image is drawn (samples + 1 x N): all once in the first row, then in bootstrap samples of clips."""


def _sorted(given: Confidences, seed: int) -> _Sorted:
    order = np.argsort(given.values, kind="stable")
    numbers = np.unique(given.clips[order], return_inverse=True)[1]
    drawn = draw_groups(int(numbers.max()) + 1, SAMPLES, seed)[:, numbers]
    return _Sorted(order, given.values[order], np.concatenate([np.ones((1, len(order))), drawn]))


def _by_threshold(known: _Sorted, right: Floats, asked: _Sorted) -> Floats:
    """Estimate in each sample. Of images with just the threshold's confidence, as many count as among labelled ones."""
    below, wanted, estimates = _shares(known), 1 - known.drawn @ right / known.drawn.sum(axis=1), np.empty(len(known.drawn))
    below_asked = _shares(asked)
    for sample, wrong in enumerate(wanted):
        threshold = known.values[min(int(np.searchsorted(below[sample][1:], wrong - 1e-12)), len(right) - 1)]
        under, upto = (below[sample][np.searchsorted(known.values, threshold, side=side)] for side in ("left", "right"))
        part = (wrong - under) / (upto - under) if upto > under else 0.0
        under, upto = (below_asked[sample][np.searchsorted(asked.values, threshold, side=side)] for side in ("left", "right"))
        estimates[sample] = 1 - under - part * (upto - under)
    return estimates


def _shares(images: _Sorted) -> Floats:
    """Share of the images drawn that are among the first k, for k from 0 to N."""
    sums = np.cumsum(images.drawn, axis=1)
    shares: Floats = np.concatenate([np.zeros((len(sums), 1)), sums / sums[:, -1:]], axis=1)
    return shares


def _by_confidence(known: _Sorted, right: Floats, asked: _Sorted) -> Floats:
    """Estimate in each sample: the rising share that is right in each of up to 50 bins, times production images."""
    starts = np.unique(known.values[np.linspace(0, len(right), _BINS, endpoint=False).astype(np.int64)])
    rows = np.searchsorted(known.values, starts)
    images, hits = (np.add.reduceat(one, rows, axis=1) for one in (known.drawn, known.drawn * right))
    bins = np.maximum(np.searchsorted(starts, asked.values, side="right") - 1, 0)
    calibrated = np.take_along_axis(_rising(images, hits), bins[np.newaxis], axis=1)
    found: Floats = (calibrated * asked.drawn).sum(axis=1) / asked.drawn.sum(axis=1)
    return found


def _rising(images: Floats, hits: Floats) -> Floats:
    """Shares of hits that never fall from bin to bin (S x bins), nearest to those found: the max-min formula.

    Barlow, Bartholomew, Bremner, Brunk, Statistical Inference under Order Restrictions (1972).
    """
    sums = [np.pad(np.cumsum(one, axis=1), ((0, 0), (1, 0))) for one in (images, hits)]
    rising = np.full(images.shape, -np.inf)
    for first in range(images.shape[1]):
        count, hit = (one[:, first + 1 :] - one[:, first : first + 1] for one in sums)
        means = np.divide(hit, count, out=np.full_like(hit, np.inf), where=count > 0)
        least = np.minimum.accumulate(means[:, ::-1], axis=1)[:, ::-1]
        rising[:, first:] = np.maximum(rising[:, first:], np.where(np.isinf(least), -np.inf, least))
    return rising


def _estimate(drawn: Floats) -> Estimate:
    bounds = percentile_interval(drawn[1:], CONFIDENCE)
    return Estimate(float(drawn[0]), bounds.low, bounds.high)
