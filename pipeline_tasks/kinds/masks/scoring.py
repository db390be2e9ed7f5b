"""Scoring of segmenters: mean intersection over union, compared with finding nothing anywhere as baseline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from pipeline_tasks.kinds.masks import metrics
from pipeline_tasks.kinds.masks.labeling import MaskLabeling
from pipeline_tasks.kinds.masks.mask import Mask
from pipeline_tasks.kinds.masks.matches import MaskMatches, background_alone, match
from pipeline_tasks.kinds.name_changes import NO_CHANGES, NameChanges
from pipeline_tasks.kinds.predicted_rows import prediction_rows, surest
from pipeline_tasks.kinds.scoring import Basis, Figure, Floats, Score, ScoreNames, basis_of_images
from pipeline_tasks.tables.label_object import PredictedObject
from pipeline_tasks.tables.table import Table


@dataclass(frozen=True)
class MaskScoring:
    """Metrics of the kind `mask`, from pixels counted once an image. All masks of a class in an image are one region."""

    labeling: MaskLabeling
    changes: NameChanges = NO_CHANGES

    names = ScoreNames(
        metric=metrics.MIOU,
        words="mean IoU",
        baseline_metric="nothing_miou",
        baseline_words="finding nothing in any image",
        baseline_short="nothing anywhere",
        image_metric=metrics.IMAGE_MIOU,
        image_words="mean IoU of single images",
        name_metric=metrics.IOU,
    )
    prediction_table: type[Table] = PredictedObject

    def prediction_rows(self, model_digest: str, image_ids: Sequence[str], predictions: Sequence[Sequence[Mask]]) -> pl.DataFrame:
        """One row for each mask."""
        return prediction_rows(self.labeling, model_digest, image_ids, predictions)

    def main_predictions(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The surest mask."""
        return surest(rows)

    def with_truth(self, images: pl.DataFrame) -> pl.DataFrame:
        """All images: one without a mask is known to be background."""
        return images

    def match(self, predictions: pl.DataFrame, images: pl.DataFrame, model_digest: str) -> MaskMatches:
        """Compare one model's regions with the truth; an older model's classes count by their names of today."""
        return match(self.changes.in_rows(predictions), images, model_digest)

    def basis(self, candidate: MaskMatches, min_images: int) -> Basis:
        """Classes with at least `min_images` test images count, and the background."""
        images = dict(zip(candidate.class_names, (candidate.true[:, :-1] > 0).sum(axis=0).tolist(), strict=True))
        return basis_of_images(images, min_images, "a mask")

    def score(self, matches: MaskMatches, basis: Basis, draws: Floats) -> Score:
        """Mean intersection over union of the classes that count and of the background."""
        found = metrics.mean_iou(matches, basis.counted, metrics.with_all(draws))
        return Score(float(found[0]), found[1:], ((float(found[0]), matches.group_count),))

    def baseline(self, candidate: MaskMatches) -> MaskMatches:
        """Background everywhere."""
        return background_alone(candidate)

    def image_scores(self, matches: MaskMatches) -> Floats:
        """Mean intersection over union within each image, of all that is there or was found."""
        return metrics.image_mean_iou(matches)

    def figures(self, matches: MaskMatches, basis: Basis, draws: Floats, confidence: float) -> Iterator[Figure]:
        """IoU and boundary F1, of the whole and of each class."""
        return metrics.figures(matches, basis.counted, draws, confidence)

    def details(self, matches: Mapping[str, MaskMatches]) -> list[tuple[type[Table], pl.DataFrame]]:
        """None: the report compares the masks themselves."""
        return []
