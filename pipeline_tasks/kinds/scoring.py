"""Part of a label kind that scores models: per-image matches of truth and prediction, and metrics from them.

The gate compares one score for every kind. It resamples split groups and computes the score in each sample, so that every
metric made of per-image records is paired and clustered in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline_tasks.intervals.bootstrap import Interval
from pipeline_tasks.intervals.proportions import interval_of_shares
from pipeline_tasks.tables.table import Table

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
M = TypeVar("M", bound="Matches")


class Matches(Protocol):
    """One model's predictions with the truth: one record an image, in the order of image_id."""

    @property
    def images(self) -> int:
        """Number of images."""
        ...

    @property
    def groups(self) -> Integers:
        """Number of each image's split group, from 0."""
        ...

    @property
    def group_count(self) -> int:
        """Number of split groups."""
        ...


class GroupedImages:
    """Numbers of images and split groups, for matches with one entry an image."""

    groups: Integers
    """Number of each image's split group, from 0."""

    @property
    def images(self) -> int:
        """Number of images."""
        return len(self.groups)

    @property
    def group_count(self) -> int:
        """Number of split groups."""
        return int(self.groups.max()) + 1 if self.groups.size else 0


@dataclass(frozen=True)
class Figure:
    """One figure of one model: columns of the table `metrics`."""

    metric: str
    class_name: str
    """Empty for figures over all classes."""
    value: float
    low: float | None
    high: float | None
    images: int

    @property
    def is_overall(self) -> bool:
        """Return True if the figure is of the whole model."""
        return not self.class_name


@dataclass(frozen=True)
class Score:
    """Score for the gate, with its value in each bootstrap sample."""

    value: float
    draws: Floats
    shares: tuple[tuple[float, int], ...] = ()
    """Shares that the score is the mean of, each with its number of split groups; empty if it is no mean of shares."""

    def interval(self, confidence: float) -> Interval:
        """Its interval."""
        return interval_of_shares(self.draws, self.shares, confidence)


@dataclass(frozen=True)
class Basis:
    """Test images and classes that the score is based on."""

    counted: tuple[str, ...]
    left_out: tuple[str, ...]
    """Classes too rare to count."""
    why_too_small: str = ""
    """Reason why models cannot be compared on it; empty if they can."""
    note: str = ""
    """Sentence on what was left out; empty if nothing was."""


@dataclass(frozen=True)
class ScoreNames:
    """Names of the score and related metrics, in tables and in sentences."""

    metric: str
    """The score, in the column `metric`."""
    words: str
    """The score, in a sentence."""
    baseline_metric: str
    """The score of the trivial baseline, in the column `metric`."""
    baseline_words: str
    """The trivial baseline, in a sentence."""
    baseline_short: str
    """The same beside a bar."""
    image_metric: str
    """The mean of the image scores, in the column `metric`."""
    image_words: str
    """The same, in a sentence."""
    name_metric: str = ""
    """Figure of each name of the vocabulary, in the column `metric`; empty if there is none."""
    calibration_metric: str = ""
    """Distance of confidence and truth, in the column `metric`, which the gate may limit; empty if there is none."""

    @property
    def of_summary(self) -> frozenset[str]:
        """Figures that have a field of their own in the summary of an evaluation."""
        return frozenset((self.metric, self.baseline_metric, self.image_metric))


def group_numbers(images: pl.DataFrame) -> Integers:
    """Number of each image's split group; groups are numbered by their sorted ids, so that the same images give the same draws."""
    return images["split_group_id"].rank("dense").to_numpy().astype(np.int64) - 1


def basis_of_images(images_by_class: Mapping[str, int], min_images: int, shown: str) -> Basis:
    """Classes with at least `min_images` test images count; `shown` says what such an image has of them, as in `a mask`."""
    counted = tuple(name for name, count in images_by_class.items() if count >= max(min_images, 1))
    left_out = tuple(name for name, count in images_by_class.items() if 0 < count < min_images)
    why = "" if counted else f"no class has at least {min_images} test images with {shown} of it."
    note = f"Left out for having fewer than {min_images} test images: {', '.join(left_out)}." if left_out else ""
    return Basis(counted, left_out, why, note)


def figures_by_name(metrics: pl.DataFrame, names: ScoreNames, model_digest: str, split: str = "test") -> dict[str, float]:
    """Name of the vocabulary → its figure for one model, from rows of `metrics`; empty for kinds without."""
    wanted = metrics.filter(pl.col("model_digest") == model_digest, pl.col("metric") == names.name_metric, pl.col("split") == split)
    return dict(wanted.select("class_name", "value").iter_rows())


class Scoring(Protocol[M]):
    """Rows of predictions, their matches with the truth, and metrics."""

    @property
    def names(self) -> ScoreNames:
        """Names of the metrics."""
        ...

    @property
    def prediction_table(self) -> type[Table]:
        """Table of predictions of this kind."""
        ...

    def prediction_rows(self, model_digest: str, image_ids: Sequence[str], predictions: Sequence[Any]) -> pl.DataFrame:
        """Rows of that table; `predictions` has the objects of each image."""
        ...

    def main_predictions(self, rows: pl.DataFrame) -> pl.DataFrame:
        """One row for each model and cycle (`written_in`) that stands for its prediction, of one image's rows of that table."""
        ...

    def with_truth(self, images: pl.DataFrame) -> pl.DataFrame:
        """Rows of a dataset version that predictions can be compared with."""
        ...

    def match(self, predictions: pl.DataFrame, images: pl.DataFrame, model_digest: str) -> M:
        """Compare one model's predictions with the truth; each image must have been predicted."""
        ...

    def basis(self, candidate: M, min_images: int) -> Basis:
        """Basis of the score, without classes with fewer than `min_images` images."""
        ...

    def score(self, matches: M, basis: Basis, draws: Floats) -> Score:
        """The score of one model. `draws` is samples x groups: the number of times each group was drawn."""
        ...

    def baseline(self, candidate: M) -> M:
        """Matches of a trivial baseline on the same images, which the first champion must beat."""
        ...

    def image_scores(self, matches: M) -> Floats:
        """Score of each image from 0 to 1; slices of test are compared by its mean."""
        ...

    def figures(self, matches: M, basis: Basis, draws: Floats, confidence: float) -> Iterable[Figure]:
        """All metrics of one model with intervals, including the score."""
        ...

    def details(self, matches: Mapping[str, M]) -> Sequence[tuple[type[Table], pl.DataFrame]]:
        """Further tables about the models, by digest, with their rows."""
        ...
