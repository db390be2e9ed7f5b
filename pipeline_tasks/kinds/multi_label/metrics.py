"""Metrics of a model of several classes on test images, with intervals clustered by split group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline_tasks.intervals.bootstrap import percentile_interval, ratio_draws, sum_by_group
from pipeline_tasks.intervals.proportions import interval_of_shares
from pipeline_tasks.kinds.area_figures import Ranked, area_figures
from pipeline_tasks.kinds.multi_label.matches import MultiLabelMatches
from pipeline_tasks.kinds.ranking import MIN_PROBABILITY
from pipeline_tasks.kinds.scoring import Figure, Score

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Counts:
    """Decisions by split group and class, groups x C."""

    hits: Floats
    """Images that show the class and for which it is predicted."""
    named: Floats
    """Images for which it is predicted."""
    shown: Floats
    """Images that show it."""


def counts_of(matches: MultiLabelMatches) -> Counts:
    """Count the decisions of each group."""
    values = (matches.truth & matches.predicted, matches.predicted, matches.truth)
    return Counts(*(sum_by_group(one, matches.groups, matches.group_count) for one in values))


def counted_classes(matches: MultiLabelMatches, min_images: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split the classes into those that at least `min_images` test images show, and those left out of the score."""
    shown = matches.truth.sum(axis=0)
    counted = tuple(name for name, count in zip(matches.class_names, shown, strict=True) if count >= min_images)
    return counted, tuple(name for name in matches.class_names if name not in counted)


def f1_macro(matches: MultiLabelMatches, counted: tuple[str, ...], draws: Floats) -> Score:
    """Mean F1 over `counted` classes (macro averaging as in Opitz, Burst 2019, arXiv 1911.03347, their first form).

    In a bootstrap sample that neither shows nor predicts a class, the mean is over the others.
    """
    columns = [matches.class_names.index(name) for name in counted if name in matches.class_names]
    if not columns:
        return Score(float("nan"), np.full(len(draws), np.nan))
    found = counts_of(matches)
    hits, either = 2 * found.hits[:, columns], (found.named + found.shown)[:, columns]
    values = np.divide(hits.sum(axis=0), either.sum(axis=0), out=np.zeros(len(columns)), where=either.sum(axis=0) > 0)
    return Score(float(values.mean()), _mean_of_known(ratio_draws(draws, hits, either)))


def jaccard_of(matches: MultiLabelMatches) -> Floats:
    """Share of classes that are true and predicted among those that are either, for each image; 1 if none is."""
    both = (matches.truth & matches.predicted).sum(axis=1)
    either = (matches.truth | matches.predicted).sum(axis=1)
    shares: Floats = np.divide(both, either, out=np.ones(matches.images), where=either > 0)
    return shares


def figures(matches: MultiLabelMatches, counted: tuple[str, ...], draws: Floats, confidence: float) -> Iterator[Figure]:
    """Yield all figures of one model: mean F1, Jaccard index, exact images, log loss; F1, recall and precision of each class,
    and the areas under its curves.
    """
    score = f1_macro(matches, counted, draws)
    yield _figure("f1_macro", score.value, score.draws, confidence, matches.images)
    yield _mean("jaccard", jaccard_of(matches), matches, draws, confidence)
    is_exact = (matches.truth == matches.predicted).all(axis=1)
    yield _mean("exact_images", is_exact.astype(np.float64), matches, draws, confidence, is_share=True)
    right = np.where(matches.truth, matches.probability, 1 - matches.probability)
    yield _mean("log_loss", -np.log(np.maximum(right, MIN_PROBABILITY)).mean(axis=1), matches, draws, confidence)
    found = counts_of(matches)
    yield from _rates("f1", 2 * found.hits, found.named + found.shown, matches, draws, confidence)
    yield from _rates("recall", found.hits, found.shown, matches, draws, confidence)
    yield from _rates("precision", found.hits, found.named, matches, draws, confidence)
    yield from area_figures(Ranked(matches.class_names, matches.truth, matches.probability, matches.groups), draws, confidence)


def _rates(
    metric: str, hits: Floats, counts: Floats, matches: MultiLabelMatches, draws: Floats, confidence: float
) -> Iterator[Figure]:
    """One figure for each class that is shown or predicted, with the number of images that show it."""
    ratios, totals = ratio_draws(draws, hits, counts), counts.sum(axis=0)
    shown = matches.truth.sum(axis=0)
    for column, name in enumerate(matches.class_names):
        if totals[column]:
            value = float(hits[:, column].sum() / totals[column])
            yield _figure(metric, value, ratios[:, column], confidence, int(shown[column]), name)


def _mean(
    metric: str, values: Floats, matches: MultiLabelMatches, draws: Floats, confidence: float, *, is_share: bool = False
) -> Figure:
    sums = sum_by_group(values[:, None], matches.groups, matches.group_count)
    images = sum_by_group(np.ones_like(values)[:, None], matches.groups, matches.group_count)
    mean, found = float(values.mean()), ratio_draws(draws, sums, images)[:, 0]
    shares = [(mean, matches.group_count)] if is_share else []
    interval = interval_of_shares(found, shares, confidence)
    return Figure(metric, "", mean, interval.low, interval.high, len(values))


def _figure(metric: str, value: float, draws: Floats, confidence: float, images: int, class_name: str = "") -> Figure:
    interval = percentile_interval(draws, confidence)
    has_bounds = not np.isnan(interval.low)
    return Figure(metric, class_name, value, interval.low if has_bounds else None, interval.high if has_bounds else None, images)


def _mean_of_known(values: Floats) -> Floats:
    """Mean over the last axis without NaN; NaN where all are."""
    known = ~np.isnan(values)
    totals = known.sum(axis=-1)
    sums = np.where(known, values, 0).sum(axis=-1)
    means: Floats = np.divide(sums, totals, out=np.full(len(values), np.nan), where=totals > 0)
    return means
