"""Areas under the curves of each class, and their means, with intervals clustered by split group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipeline_tasks.intervals.proportions import interval_of_shares
from pipeline_tasks.kinds.ranking import Flags, average_precision, mean_of_known, roc_auc
from pipeline_tasks.kinds.ranking_draws import area_draws
from pipeline_tasks.kinds.scoring import Figure, Floats, Integers

AREAS = {"roc_auc": roc_auc, "average_precision": average_precision}


@dataclass(frozen=True)
class Ranked:
    """Test images with the truth and the model's score of each class."""

    names: tuple[str, ...]
    truth: Flags
    """N x C."""
    scores: Floats
    """N x C."""
    groups: Integers
    """Number of each image's split group, from 0."""


def area_figures(ranked: Ranked, draws: Floats, confidence: float) -> Iterator[Figure]:
    """Area under ROC and average precision of each class that images show, and their means over these classes.

    A mean leaves out an area that does not exist, as of ROC where every image shows the class; in a sample, too.
    """
    shown = np.flatnonzero(ranked.truth.any(axis=0)).tolist()
    pairs = [(ranked.truth[:, one], ranked.scores[:, one]) for one in shown]
    counts = [len(np.unique(ranked.groups[truth])) for truth, _ in pairs]
    sampled = [area_draws(*pair, ranked.groups, draws) for pair in pairs]
    for metric, area in AREAS.items():
        values, drawn = [area(*pair) for pair in pairs], [getattr(one, metric) for one in sampled]
        for one, value, of_draws, count in zip(shown, values, drawn, counts, strict=True):
            images = int(ranked.truth[:, one].sum())
            yield _figure(metric, ranked.names[one], value, of_draws, [(value, count)], images, confidence)
        shares = [(value, count) for value, count in zip(values, counts, strict=True) if not np.isnan(value)]
        yield _figure(metric, "", mean_of_known(values), _mean(drawn, len(draws)), shares, len(ranked.groups), confidence)


def _figure(
    metric: str, name: str, value: float, drawn: Floats, shares: list[tuple[float, int]], images: int, confidence: float
) -> Figure:
    if np.isnan(value):
        return Figure(metric, name, value, None, None, images)
    interval = interval_of_shares(drawn, shares, confidence)
    return Figure(metric, name, value, interval.low, interval.high, images)


def _mean(drawn: list[Floats], samples: int) -> Floats:
    """Mean over the classes that each sample has an area of."""
    stacked = np.stack(drawn) if drawn else np.full((1, samples), np.nan)
    known = ~np.isnan(stacked)
    counts, sums = known.sum(axis=0), np.where(known, stacked, 0.0).sum(axis=0)
    means: Floats = np.divide(sums, counts, out=np.full(samples, np.nan), where=counts > 0)
    return means
