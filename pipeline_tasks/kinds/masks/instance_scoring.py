"""Scoring of models of objects with masks: COCO's average precision, compared with the filled mean box of each class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from pipeline_tasks.kinds.masks.instance_matches import InstanceMatches, match, mean_boxes
from pipeline_tasks.kinds.masks.mask import Mask
from pipeline_tasks.kinds.masks.prediction_rows import main_predictions, prediction_rows
from pipeline_tasks.kinds.name_changes import NO_CHANGES, NameChanges
from pipeline_tasks.kinds.object_scoring import AP, IMAGE_AP, average_precision, basis_of_classes, image_precisions, object_figures
from pipeline_tasks.kinds.scoring import Basis, Figure, Floats, Score, ScoreNames
from pipeline_tasks.tables.label_object import PredictedObject
from pipeline_tasks.tables.table import Table


@dataclass(frozen=True)
class InstanceScoring:
    """Metrics of the kind `mask` with `labels.regions: instance`, from per-image matches."""

    changes: NameChanges = NO_CHANGES

    names = ScoreNames(
        metric=AP,
        words="average precision",
        baseline_metric="mean_box_ap",
        baseline_words="always the filled mean box of each class",
        baseline_short="mean boxes",
        image_metric=IMAGE_AP,
        image_words="average precision of single images",
        name_metric=AP,
    )
    prediction_table: type[Table] = PredictedObject

    def prediction_rows(self, model_digest: str, image_ids: Sequence[str], predictions: Sequence[Sequence[Mask]]) -> pl.DataFrame:
        """One row for each object."""
        return prediction_rows(model_digest, image_ids, predictions)

    def main_predictions(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The surest object."""
        return main_predictions(rows)

    def with_truth(self, images: pl.DataFrame) -> pl.DataFrame:
        """All images: one without an object is known to be empty."""
        return images

    def match(self, predictions: pl.DataFrame, images: pl.DataFrame, model_digest: str) -> InstanceMatches:
        """Compare one model's objects with the truth; an older model's classes count by their names of today."""
        return match(self.changes.in_rows(predictions), images, model_digest)

    def basis(self, candidate: InstanceMatches, min_images: int) -> Basis:
        """Classes with at least `min_images` test images count."""
        return basis_of_classes(candidate, min_images)

    def score(self, matches: InstanceMatches, basis: Basis, draws: Floats) -> Score:
        """Average precision over the classes that count and the overlaps from 50 to 95 %."""
        return average_precision(matches, basis, draws)

    def baseline(self, candidate: InstanceMatches) -> InstanceMatches:
        """Always the filled mean box of each class."""
        return mean_boxes(candidate)

    def image_scores(self, matches: InstanceMatches) -> Floats:
        """Average precision within each image."""
        return image_precisions(matches)

    def figures(self, matches: InstanceMatches, basis: Basis, draws: Floats, confidence: float) -> Iterator[Figure]:
        """AP and AR, by overlap, by size and by class."""
        return object_figures(matches, basis, draws, confidence)

    def details(self, matches: Mapping[str, InstanceMatches]) -> list[tuple[type[Table], pl.DataFrame]]:
        """None: the report compares the masks themselves."""
        return []
