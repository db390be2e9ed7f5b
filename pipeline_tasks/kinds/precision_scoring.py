"""Scoring by COCO's average precision, of kinds whose models find objects in places: boxes, masks of objects, keypoints."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import polars as pl

from pipeline_tasks.kinds.labeling import Labeling
from pipeline_tasks.kinds.name_changes import NO_CHANGES, NameChanges
from pipeline_tasks.kinds.object_plots import object_plots
from pipeline_tasks.kinds.object_scoring import (
    AP,
    IMAGE_AP,
    MatchedObjects,
    average_precision,
    basis_of_classes,
    image_precisions,
    object_figures,
)
from pipeline_tasks.kinds.plots import Plot
from pipeline_tasks.kinds.predicted_rows import prediction_rows, surest
from pipeline_tasks.kinds.scoring import Basis, Figure, Floats, Score, ScoreNames
from pipeline_tasks.tables.label_object import PredictedObject
from pipeline_tasks.tables.table import Table

M = TypeVar("M", bound=MatchedObjects)


@dataclass(frozen=True)
class PrecisionScoring(Generic[M]):
    """Metrics from per-image matches; predictions are rows of `predicted_objects`."""

    names: ScoreNames
    labeling: Labeling[Any]
    matched: Callable[[pl.DataFrame, pl.DataFrame], M]
    """Matches of one model's rows of predictions with rows of a version, which come in the order of image_id."""
    trivial: Callable[[M], M]
    """Matches of the baseline on the same images."""
    changes: NameChanges = NO_CHANGES
    prediction_table: type[Table] = PredictedObject

    def prediction_rows(self, model_digest: str, image_ids: Sequence[str], predictions: Sequence[Sequence[Any]]) -> pl.DataFrame:
        """One row for each object."""
        return prediction_rows(self.labeling, model_digest, image_ids, predictions)

    def main_predictions(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The surest object."""
        return surest(rows)

    def with_truth(self, images: pl.DataFrame) -> pl.DataFrame:
        """All images: one without an object is known to be empty."""
        return images

    def match(self, predictions: pl.DataFrame, images: pl.DataFrame, model_digest: str) -> M:
        """Compare one model's objects with the truth; an older model's classes count by their names of today."""
        rows = images.sort("image_id")
        mine = self.changes.in_rows(predictions).filter(
            pl.col("model_digest") == model_digest, pl.col("image_id").is_in(rows["image_id"].implode())
        )
        return self.matched(mine.sort("image_id", "object_index"), rows)

    def basis(self, candidate: M, min_images: int) -> Basis:
        """Classes with at least `min_images` test images count."""
        return basis_of_classes(candidate, min_images)

    def score(self, matches: M, basis: Basis, draws: Floats) -> Score:
        """Average precision over the classes that count and the likenesses from 50 to 95 %."""
        return average_precision(matches, basis, draws)

    def baseline(self, candidate: M) -> M:
        """The kind's trivial answer."""
        return self.trivial(candidate)

    def image_scores(self, matches: M) -> Floats:
        """Average precision within each image."""
        return image_precisions(matches)

    def figures(self, matches: M, basis: Basis, draws: Floats, confidence: float) -> Iterator[Figure]:
        """AP and AR, by likeness, by size and by class."""
        return object_figures(matches, basis, draws, confidence)

    def details(self, matches: Mapping[str, M]) -> list[tuple[type[Table], pl.DataFrame]]:
        """None: the report compares the objects themselves."""
        return []

    def plots(self, matches: M) -> list[Plot]:
        """Precision over recall of each class, and calibration of the predictions."""
        return object_plots(matches)


def precision_names(baseline_metric: str, baseline_words: str, baseline_short: str) -> ScoreNames:
    """Names of the score and of a kind's trivial baseline."""
    return ScoreNames(
        metric=AP,
        words="average precision",
        baseline_metric=baseline_metric,
        baseline_words=baseline_words,
        baseline_short=baseline_short,
        image_metric=IMAGE_AP,
        image_words="average precision of single images",
        name_metric=AP,
    )
