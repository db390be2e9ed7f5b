"""Metrics of a model on test images, with intervals clustered by split group."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from pipeline_tasks.intervals.bootstrap import Interval, percentile_interval, ratio_draws, sum_by_group
from pipeline_tasks.intervals.proportions import interval_of_shares
from pipeline_tasks.kinds.area_figures import Ranked, area_figures
from pipeline_tasks.kinds.classes.matches import ClassMatches
from pipeline_tasks.kinds.ranking import MIN_PROBABILITY, calibration_error
from pipeline_tasks.kinds.ranking_draws import calibration_error_draws, centred
from pipeline_tasks.kinds.scoring import Figure, Score

Floats = npt.NDArray[np.float64]


def counted_classes(matches: ClassMatches, min_images: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split the class names into those with at least `min_images` test images and those left out of the balanced metric."""
    images = np.bincount(matches.truth, minlength=len(matches.class_names))
    counted = tuple(name for name, count in zip(matches.class_names, images, strict=True) if count >= min_images)
    return counted, tuple(name for name in matches.class_names if name not in counted)


def balanced_accuracy(matches: ClassMatches, counted: tuple[str, ...], draws: Floats) -> Score:
    """Mean recall over `counted` classes (Brodersen et al., The balanced accuracy and its posterior distribution, 2010).

    In a bootstrap sample that drew no image of a class, the mean is over the others.
    """
    columns = [matches.class_names.index(name) for name in counted]
    hits, images = _hits_and_images(matches)
    if not columns:
        return Score(float("nan"), np.full(len(draws), np.nan))
    recalls = hits[:, columns].sum(axis=0) / images[:, columns].sum(axis=0)
    shares = tuple(zip(recalls.tolist(), _groups(images[:, columns]), strict=True))
    return Score(float(recalls.mean()), _mean_of_known(ratio_draws(draws, hits[:, columns], images[:, columns])), shares)


def majority_class(matches: ClassMatches) -> str:
    """The most frequent true class; of equally frequent ones the first by name."""
    return matches.class_names[int(np.bincount(matches.truth, minlength=len(matches.class_names)).argmax())]


def figures(matches: ClassMatches, counted: tuple[str, ...], draws: Floats, confidence: float) -> Iterator[Figure]:
    """Yield all figures of one model: balanced accuracy, accuracy, log loss; recall, precision and F1 of each class; by its
    probabilities the calibration error, and areas under the curves of each class and their means.
    """
    right = matches.predicted == matches.truth
    balanced = balanced_accuracy(matches, counted, draws)
    in_counted = int(np.isin(matches.truth, [matches.class_names.index(name) for name in counted]).sum())
    yield _figure("balanced_accuracy", balanced.value, balanced.interval(confidence), in_counted)
    yield _mean_figure("accuracy", right.astype(np.float64), matches, draws, confidence, is_share=True)
    losses = -np.log(np.maximum(matches.truth_probability, MIN_PROBABILITY))
    yield _mean_figure("log_loss", losses, matches, draws, confidence, is_share=False)
    hits, images = _hits_and_images(matches)
    yield from _rates("recall", hits, images, matches, draws, confidence)
    named = _one_hot_sums(matches.predicted, matches)
    yield from _rates("precision", hits, named, matches, draws, confidence)
    yield from _rates("f1", 2 * hits, named + images, matches, draws, confidence, counted=images)
    if matches.probabilities is not None and matches.images:
        yield from _of_probabilities(matches, matches.probabilities, draws, confidence)


def confusions(matches: ClassMatches) -> Iterator[tuple[str, str, int]]:
    """Yield true class, predicted class and number of images, if above 0."""
    pairs, counts = np.unique(np.stack([matches.truth, matches.predicted]), axis=1, return_counts=True)
    for (truth, predicted), count in zip(pairs.T, counts, strict=True):
        yield matches.class_names[truth], matches.class_names[predicted], int(count)


def _of_probabilities(matches: ClassMatches, probabilities: Floats, draws: Floats, confidence: float) -> Iterator[Figure]:
    """Figures that need every class's probability: the calibration error, and the areas under curves of each class."""
    is_right, sure = matches.predicted == matches.truth, probabilities.max(axis=1)
    error = calibration_error(is_right, sure)
    found = centred(calibration_error_draws(is_right, sure, matches.groups, draws), error)
    yield _figure("calibration_error", error, percentile_interval(found, confidence), matches.images)
    truths = matches.truth[:, None] == np.arange(len(matches.class_names))
    ranked = Ranked(matches.class_names, truths, probabilities, matches.groups)
    yield from area_figures(ranked, draws, confidence)


def _rates(
    metric: str,
    hits: Floats,
    counts: Floats,
    matches: ClassMatches,
    draws: Floats,
    confidence: float,
    counted: Floats | None = None,
) -> Iterator[Figure]:
    """One figure for each class with images; `counted` are its images if they are not what it is a share of."""
    ratios, groups = ratio_draws(draws, hits, counts), _groups(counts)
    for column, name in enumerate(matches.class_names):
        total = counts[:, column].sum()
        if total:
            value = float(hits[:, column].sum() / total)
            interval = interval_of_shares(ratios[:, column], [(value, groups[column])], confidence)
            images = counts if counted is None else counted
            yield _figure(metric, value, interval, int(images[:, column].sum()), name)


def _mean_figure(metric: str, values: Floats, matches: ClassMatches, draws: Floats, confidence: float, *, is_share: bool) -> Figure:
    sums = sum_by_group(values[:, None], matches.groups, matches.group_count)
    images = sum_by_group(np.ones_like(values)[:, None], matches.groups, matches.group_count)
    shares = [(float(values.mean()), _groups(images)[0])] if is_share else []
    interval = interval_of_shares(ratio_draws(draws, sums, images)[:, 0], shares, confidence)
    return _figure(metric, float(values.mean()), interval, len(values))


def _figure(metric: str, value: float, interval: Interval, images: int, class_name: str = "") -> Figure:
    has_bounds = not np.isnan(interval.low)
    return Figure(metric, class_name, value, interval.low if has_bounds else None, interval.high if has_bounds else None, images)


def _hits_and_images(matches: ClassMatches) -> tuple[Floats, Floats]:
    """Groups x classes: correctly predicted images of the class, and all images of the class."""
    hits = _one_hot(matches.truth, matches) * (matches.predicted == matches.truth)[:, None]
    return sum_by_group(hits, matches.groups, matches.group_count), _one_hot_sums(matches.truth, matches)


def _groups(images: Floats) -> list[int]:
    """Number of groups with images, by column."""
    return [int(count) for count in (images > 0).sum(axis=0)]


def _one_hot_sums(indices: npt.NDArray[np.int64], matches: ClassMatches) -> Floats:
    return sum_by_group(_one_hot(indices, matches), matches.groups, matches.group_count)


def _one_hot(indices: npt.NDArray[np.int64], matches: ClassMatches) -> Floats:
    one_hot: Floats = (indices[:, None] == np.arange(len(matches.class_names))).astype(np.float64)
    return one_hot


def _mean_of_known(values: Floats) -> Floats:
    """Mean of each row without NaNs; NaN for a row of NaNs."""
    known = ~np.isnan(values)
    counts = known.sum(axis=1)
    sums = np.where(known, values, 0.0).sum(axis=1)
    means: Floats = np.divide(sums, counts, out=np.full(len(values), np.nan), where=counts > 0)
    return means
