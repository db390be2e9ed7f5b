"""Scoring of keypoints: COCO's average precision by OKS, compared with the mean skeleton of each class as baseline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline_tasks.kinds.keypoints.labeling import KeypointLabeling
from pipeline_tasks.kinds.keypoints.matches import ThingMatches, matched, mean_skeletons
from pipeline_tasks.kinds.keypoints.placed_rows import things_of_rows, true_things
from pipeline_tasks.kinds.keypoints.skeleton import Skeleton
from pipeline_tasks.kinds.name_changes import NO_CHANGES, NameChanges
from pipeline_tasks.kinds.object_scoring import AP, IMAGE_AP, average_precision, basis_of_classes, image_precisions, object_figures
from pipeline_tasks.kinds.scoring import Basis, Figure, Floats, Score, ScoreNames
from pipeline_tasks.tables.label_object import PredictedObject
from pipeline_tasks.tables.table import Table, empty


@dataclass(frozen=True)
class KeypointScoring:
    """Metrics of the kind `keypoints`, from per-image matches."""

    labeling: KeypointLabeling
    changes: NameChanges = NO_CHANGES

    names = ScoreNames(
        metric=AP,
        words="average precision",
        baseline_metric="mean_skeleton_ap",
        baseline_words="always the mean skeleton of each class",
        baseline_short="mean skeletons",
        image_metric=IMAGE_AP,
        image_words="average precision of single images",
        name_metric=AP,
    )
    prediction_table: type[Table] = PredictedObject

    def prediction_rows(
        self, model_digest: str, image_ids: Sequence[str], predictions: Sequence[Sequence[Skeleton]]
    ) -> pl.DataFrame:
        """One row for each thing."""
        rows = [
            vars(self.labeling.as_columns(one))
            | {"model_digest": model_digest, "image_id": image_id, "object_index": number, "confidence": one.confidence}
            for image_id, things in zip(image_ids, predictions, strict=True)
            for number, one in enumerate(things)
        ]
        return pl.DataFrame(rows, schema=empty(PredictedObject).schema)

    def main_predictions(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The surest thing; of equally sure ones the first."""
        key = ["model_digest", "written_in"]
        ordered = rows.sort("confidence", descending=True, nulls_last=True, maintain_order=True)
        return ordered.unique(key, keep="first", maintain_order=True)

    def with_truth(self, images: pl.DataFrame) -> pl.DataFrame:
        """All images: one without a thing is known to be empty."""
        return images

    def match(self, predictions: pl.DataFrame, images: pl.DataFrame, model_digest: str) -> ThingMatches:
        """Compare one model's things with the truth; an older model's classes count by their names of today."""
        rows = images.sort("image_id")
        mine = self.changes.in_rows(predictions).filter(pl.col("model_digest") == model_digest)
        said = things_of_rows(mine, self.labeling)
        return matched(
            true_things(rows, self.labeling),
            [said.get(image_id, ()) for image_id in rows["image_id"]],
            rows["split_group_id"].rank("dense").to_numpy().astype(np.int64) - 1,
            rows.select("width_px", "height_px").to_numpy().astype(np.float64),
            self.labeling.sigmas,
        )

    def basis(self, candidate: ThingMatches, min_images: int) -> Basis:
        """Classes with at least `min_images` test images count."""
        return basis_of_classes(candidate, min_images)

    def score(self, matches: ThingMatches, basis: Basis, draws: Floats) -> Score:
        """Average precision over the classes that count and the likenesses (OKS) from 50 to 95 %."""
        return average_precision(matches, basis, draws)

    def baseline(self, candidate: ThingMatches) -> ThingMatches:
        """Always the mean skeleton of each class."""
        return mean_skeletons(candidate)

    def image_scores(self, matches: ThingMatches) -> Floats:
        """Average precision within each image."""
        return image_precisions(matches)

    def figures(self, matches: ThingMatches, basis: Basis, draws: Floats, confidence: float) -> Iterator[Figure]:
        """AP and AR, by likeness, by size and by class."""
        return object_figures(matches, basis, draws, confidence)

    def details(self, matches: Mapping[str, ThingMatches]) -> list[tuple[type[Table], pl.DataFrame]]:
        """None: the report compares the things themselves."""
        return []
