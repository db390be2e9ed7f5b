"""The part of a label kind that judges models: per-image matches of truth and prediction, and metrics made of them.

The gate compares one score, whatever the kind. It resamples split groups and asks for the score in each sample, so that any
metric that is made of per-image records is paired and clustered in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline_tasks.intervals.bootstrap import Interval, percentile_interval
from pipeline_tasks.tables.table import Table

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
M = TypeVar("M", bound="Matches")


class Matches(Protocol):
    """One model's predictions beside the truth, one record an image, images in the order of their image_id."""

    @property
    def images(self) -> int:
        """How many images there are."""
        ...

    @property
    def groups(self) -> Integers:
        """Number of each image's split group, from 0 on."""
        ...

    @property
    def group_count(self) -> int:
        """How many split groups there are."""
        ...


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
        """Whether the figure is of the whole model."""
        return not self.class_name


@dataclass(frozen=True)
class Score:
    """The figure that the gate compares, with its value in each bootstrap sample."""

    value: float
    draws: Floats

    def interval(self, confidence: float) -> Interval:
        """Its interval."""
        return percentile_interval(self.draws, confidence)


@dataclass(frozen=True)
class Basis:
    """The part of the test images that the score counts."""

    counted: tuple[str, ...]
    left_out: tuple[str, ...]
    """Classes that are too rare to count."""
    why_too_small: str = ""
    """Why no two models can be compared on it; empty if they can."""
    note: str = ""
    """A sentence about what was left out; empty if nothing was."""


@dataclass(frozen=True)
class ScoreNames:
    """How the score and its neighbours are called, in tables and in sentences."""

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
    headlines: tuple[str, ...] = ()
    """Further figures over all classes that summaries show."""


class Scoring(Protocol[M]):
    """Predictions as rows, their matches with the truth, and what is counted of them."""

    @property
    def names(self) -> ScoreNames:
        """How the figures are called."""
        ...

    @property
    def prediction_table(self) -> type[Table]:
        """The table that holds the predictions of this kind."""
        ...

    def prediction_rows(self, model_digest: str, image_ids: Sequence[str], predictions: Sequence[Any]) -> pl.DataFrame:
        """Rows of that table; `predictions` has the objects of each image."""
        ...

    def with_truth(self, images: pl.DataFrame) -> pl.DataFrame:
        """Of the rows of a dataset version those that a prediction can be held against."""
        ...

    def match(self, predictions: pl.DataFrame, images: pl.DataFrame, model_digest: str) -> M:
        """Hold one model's predictions against the truth; each image must have been predicted."""
        ...

    def basis(self, candidate: M, min_images: int) -> Basis:
        """What counts, where classes with fewer than `min_images` images do not."""
        ...

    def score(self, matches: M, basis: Basis, draws: Floats) -> Score:
        """The score of one model. `draws` is samples x groups: how often each group was drawn."""
        ...

    def baseline(self, candidate: M) -> M:
        """The matches of a trivial model on the same images, which the first champion must beat."""
        ...

    def image_scores(self, matches: M) -> Floats:
        """A value from 0 to 1 for each image by itself: a slice of test is compared by their mean."""
        ...

    def figures(self, matches: M, basis: Basis, draws: Floats, confidence: float) -> Iterable[Figure]:
        """Every figure of one model with its interval, the score among them."""
        ...

    def details(self, matches: Mapping[str, M]) -> Sequence[tuple[type[Table], pl.DataFrame]]:
        """Further tables about the models, by their digests, and the rows for them."""
        ...
