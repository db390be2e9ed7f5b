"""Scoring of detectors: COCO's average precision, compared with the mean box of each class as baseline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.boxes.matches import BoxMatches, match, mean_boxes
from pipeline_tasks.kinds.name_changes import NO_CHANGES, NameChanges
from pipeline_tasks.kinds.object_scoring import AP, IMAGE_AP, average_precision, basis_of_classes, image_precisions, object_figures
from pipeline_tasks.kinds.scoring import Basis, Figure, Floats, Score, ScoreNames
from pipeline_tasks.tables.label_object import PredictedObject
from pipeline_tasks.tables.table import Table, empty


@dataclass(frozen=True)
class BoxScoring:
    """Metrics of the kind `box`, from per-image matches."""

    changes: NameChanges = NO_CHANGES

    names = ScoreNames(
        metric=AP,
        words="average precision",
        baseline_metric="mean_box_ap",
        baseline_words="always the mean box of each class",
        baseline_short="mean boxes",
        image_metric=IMAGE_AP,
        image_words="average precision of single images",
        name_metric=AP,
    )
    prediction_table: type[Table] = PredictedObject

    def prediction_rows(self, model_digest: str, image_ids: Sequence[str], predictions: Sequence[Sequence[Box]]) -> pl.DataFrame:
        """One row for each box."""
        rows = [
            {
                "model_digest": model_digest,
                "image_id": image_id,
                "object_index": number,
                "label_kind": "box",
                "class_name": one.class_name,
                "x_min_px": one.x_min_px,
                "y_min_px": one.y_min_px,
                "width_px": one.width_px,
                "height_px": one.height_px,
                "points_px": list(one.corners_px) or None,
                "confidence": one.confidence,
            }
            for image_id, boxes in zip(image_ids, predictions, strict=True)
            for number, one in enumerate(boxes)
        ]
        return pl.DataFrame(rows, schema=empty(PredictedObject).schema)

    def main_predictions(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The surest box; of equally sure ones the first."""
        key = ["model_digest", "written_in"]
        return rows.sort("confidence", descending=True, maintain_order=True).unique(key, keep="first", maintain_order=True)

    def with_truth(self, images: pl.DataFrame) -> pl.DataFrame:
        """All images: one without a box is known to be empty."""
        return images

    def match(self, predictions: pl.DataFrame, images: pl.DataFrame, model_digest: str) -> BoxMatches:
        """Compare one model's boxes with the truth; an older model's classes count by their names of today."""
        return match(self.changes.in_rows(predictions), images, model_digest)

    def basis(self, candidate: BoxMatches, min_images: int) -> Basis:
        """Classes with at least `min_images` test images count."""
        return basis_of_classes(candidate, min_images)

    def score(self, matches: BoxMatches, basis: Basis, draws: Floats) -> Score:
        """Average precision over the classes that count and the overlaps from 50 to 95 %."""
        return average_precision(matches, basis, draws)

    def baseline(self, candidate: BoxMatches) -> BoxMatches:
        """Always the mean box of each class."""
        return mean_boxes(candidate)

    def image_scores(self, matches: BoxMatches) -> Floats:
        """Average precision within each image."""
        return image_precisions(matches)

    def figures(self, matches: BoxMatches, basis: Basis, draws: Floats, confidence: float) -> Iterator[Figure]:
        """AP and AR, by overlap, by size and by class."""
        return object_figures(matches, basis, draws, confidence)

    def details(self, matches: Mapping[str, BoxMatches]) -> list[tuple[type[Table], pl.DataFrame]]:
        """None: the report compares the boxes themselves."""
        return []
