"""What a model is worth on test images: figures with their intervals, clustered by split group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline_tasks.evaluation.answers import Answers, always
from pipeline_tasks.intervals.bootstrap import Interval, percentile_interval, ratio_draws, sum_by_group

Floats = npt.NDArray[np.float64]
MIN_PROBABILITY = 1e-12
"""The least that log loss takes a probability for: one certain mistake must not make it infinite."""


@dataclass(frozen=True)
class Figure:
    """One figure of one model."""

    metric: str
    class_name: str
    """Empty for figures over all classes."""
    value: float
    low: float | None
    high: float | None
    images: int


@dataclass(frozen=True)
class BalancedAccuracy:
    """The mean recall over the classes that count, with its value in each bootstrap sample."""

    value: float
    draws: Floats

    def interval(self, confidence: float) -> Interval:
        """Its interval."""
        return percentile_interval(self.draws, confidence)


def counted_classes(answers: Answers, min_images: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split the class names into those with at least `min_images` test images and those left out of the balanced metric."""
    images = np.bincount(answers.truth, minlength=len(answers.class_names))
    counted = tuple(name for name, count in zip(answers.class_names, images, strict=True) if count >= min_images)
    return counted, tuple(name for name in answers.class_names if name not in counted)


def balanced_accuracy(answers: Answers, counted: tuple[str, ...], draws: Floats) -> BalancedAccuracy:
    """Mean recall over `counted` classes (Brodersen et al., The balanced accuracy and its posterior distribution, 2010).

    In a bootstrap sample that drew no image of a class, the mean is over the others.
    """
    columns = [answers.class_names.index(name) for name in counted]
    hits, images = _hits_and_images(answers)
    if not columns:
        return BalancedAccuracy(float("nan"), np.full(len(draws), np.nan))
    recalls = hits[:, columns].sum(axis=0) / images[:, columns].sum(axis=0)
    return BalancedAccuracy(float(recalls.mean()), _mean_of_known(ratio_draws(draws, hits[:, columns], images[:, columns])))


def majority_class(answers: Answers) -> str:
    """The most frequent true class, of equally frequent ones the first by name."""
    return answers.class_names[int(np.bincount(answers.truth, minlength=len(answers.class_names)).argmax())]


def figures(answers: Answers, counted: tuple[str, ...], draws: Floats, confidence: float) -> Iterator[Figure]:
    """Yield every figure of one model: balanced accuracy, accuracy, log loss, recall and precision of each class."""
    right = answers.predicted == answers.truth
    balanced = balanced_accuracy(answers, counted, draws)
    in_counted = int(np.isin(answers.truth, [answers.class_names.index(name) for name in counted]).sum())
    yield _figure("balanced_accuracy", balanced.value, balanced.interval(confidence), in_counted)
    yield _mean_figure("accuracy", right.astype(np.float64), answers, draws, confidence)
    losses = -np.log(np.maximum(answers.truth_probability, MIN_PROBABILITY))
    yield _mean_figure("log_loss", losses, answers, draws, confidence)
    hits, images = _hits_and_images(answers)
    yield from _rates("recall", hits, images, answers, draws, confidence)
    yield from _rates("precision", hits, _one_hot_sums(answers.predicted, answers), answers, draws, confidence)


def majority_figure(answers: Answers, counted: tuple[str, ...], draws: Floats, confidence: float) -> Figure:
    """The balanced accuracy of always answering the most frequent class."""
    balanced = balanced_accuracy(always(answers, majority_class(answers)), counted, draws)
    return _figure("majority_balanced_accuracy", balanced.value, balanced.interval(confidence), len(answers.truth))


def confusions(answers: Answers) -> Iterator[tuple[str, str, int]]:
    """Yield true class, predicted class and how many images, where there are any."""
    pairs, counts = np.unique(np.stack([answers.truth, answers.predicted]), axis=1, return_counts=True)
    for (truth, predicted), count in zip(pairs.T, counts, strict=True):
        yield answers.class_names[truth], answers.class_names[predicted], int(count)


def _rates(metric: str, hits: Floats, counts: Floats, answers: Answers, draws: Floats, confidence: float) -> Iterator[Figure]:
    """One figure a class that has something to count."""
    ratios = ratio_draws(draws, hits, counts)
    for column, name in enumerate(answers.class_names):
        images = int(counts[:, column].sum())
        if images:
            value = float(hits[:, column].sum()) / images
            yield _figure(metric, value, percentile_interval(ratios[:, column], confidence), images, name)


def _mean_figure(metric: str, values: Floats, answers: Answers, draws: Floats, confidence: float) -> Figure:
    sums = sum_by_group(values[:, None], answers.groups, answers.group_count)
    images = sum_by_group(np.ones_like(values)[:, None], answers.groups, answers.group_count)
    interval = percentile_interval(ratio_draws(draws, sums, images)[:, 0], confidence)
    return _figure(metric, float(values.mean()), interval, len(values))


def _figure(metric: str, value: float, interval: Interval, images: int, class_name: str = "") -> Figure:
    has_bounds = not np.isnan(interval.low)
    return Figure(metric, class_name, value, interval.low if has_bounds else None, interval.high if has_bounds else None, images)


def _hits_and_images(answers: Answers) -> tuple[Floats, Floats]:
    """Groups x classes: images of the class that were recognised, and images of the class."""
    hits = _one_hot(answers.truth, answers) * (answers.predicted == answers.truth)[:, None]
    return sum_by_group(hits, answers.groups, answers.group_count), _one_hot_sums(answers.truth, answers)


def _one_hot_sums(indices: npt.NDArray[np.int64], answers: Answers) -> Floats:
    return sum_by_group(_one_hot(indices, answers), answers.groups, answers.group_count)


def _one_hot(indices: npt.NDArray[np.int64], answers: Answers) -> Floats:
    one_hot: Floats = (indices[:, None] == np.arange(len(answers.class_names))).astype(np.float64)
    return one_hot


def _mean_of_known(values: Floats) -> Floats:
    """The mean of each row without its NaNs; NaN for a row of nothing else."""
    known = ~np.isnan(values)
    counts = known.sum(axis=1)
    sums = np.where(known, values, 0.0).sum(axis=1)
    means: Floats = np.divide(sums, counts, out=np.full(len(values), np.nan), where=counts > 0)
    return means
