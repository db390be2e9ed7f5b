"""Scoring of models of several classes: mean F1, compared with naming every class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from pipeline_tasks.kinds.classes.prediction_rows import ProbabilityRows
from pipeline_tasks.kinds.multi_label import metrics
from pipeline_tasks.kinds.multi_label.decode import PREDICTED
from pipeline_tasks.kinds.multi_label.matches import MultiLabelMatches, all_classes, by_names_of_today, match
from pipeline_tasks.kinds.multi_label.plots import multi_label_plots
from pipeline_tasks.kinds.name_changes import NO_CHANGES, NameChanges
from pipeline_tasks.kinds.plots import Plot
from pipeline_tasks.kinds.scoring import Basis, Figure, Floats, Score, ScoreNames
from pipeline_tasks.tables.table import Table


@dataclass(frozen=True)
class MultiLabelScoring(ProbabilityRows):
    """Metrics of the kind `classes`, from per-image matches."""

    changes: NameChanges = NO_CHANGES

    names = ScoreNames(
        metric="f1_macro",
        words="mean F1",
        baseline_metric="all_classes_f1_macro",
        baseline_words="naming every class in every image",
        baseline_short="every class",
        image_metric="jaccard",
        image_words="mean Jaccard index",
        name_metric="f1",
    )

    def main_predictions(self, rows: pl.DataFrame) -> pl.DataFrame:
        """All classes of a model and cycle in one row, in the column that `MultiLabelDecoding.read_prediction` reads."""
        key = ["model_digest", "written_in"]
        said = pl.struct("class_name", "probability").alias(PREDICTED)
        return rows.group_by(key, maintain_order=True).agg(pl.col("image_id").first(), said)

    def with_truth(self, images: pl.DataFrame) -> pl.DataFrame:
        """All images: one without a class says that none is there."""
        return images

    def match(self, predictions: pl.DataFrame, images: pl.DataFrame, model_digest: str) -> MultiLabelMatches:
        """Compare one model's predictions with the truth; an older model's classes count by their names of today."""
        return match(by_names_of_today(predictions, self.changes.today, self.changes.removed), images, model_digest)

    def basis(self, candidate: MultiLabelMatches, min_images: int) -> Basis:
        """Classes that at least `min_images` test images show count."""
        counted, left_out = metrics.counted_classes(candidate, min_images)
        why = "" if counted else f"no class is on at least {min_images} test images."
        note = f"Left out for being on fewer than {min_images} test images: {', '.join(left_out)}." if left_out else ""
        return Basis(counted, left_out, why, note)

    def score(self, matches: MultiLabelMatches, basis: Basis, draws: Floats) -> Score:
        """Mean F1 over the classes that count."""
        return metrics.f1_macro(matches, basis.counted, draws)

    def baseline(self, candidate: MultiLabelMatches) -> MultiLabelMatches:
        """Every class in every image."""
        return all_classes(candidate)

    def image_scores(self, matches: MultiLabelMatches) -> Floats:
        """Jaccard index of each image."""
        return metrics.jaccard_of(matches)

    def figures(self, matches: MultiLabelMatches, basis: Basis, draws: Floats, confidence: float) -> Iterator[Figure]:
        """Mean F1, Jaccard index, exact images, log loss; F1, recall, precision and areas under curves of each class."""
        return metrics.figures(matches, basis.counted, draws, confidence)

    def details(self, matches: Mapping[str, MultiLabelMatches]) -> list[tuple[type[Table], pl.DataFrame]]:
        """None."""
        return []

    def plots(self, matches: MultiLabelMatches) -> list[Plot]:
        """Precision over recall of each class, and calibration of all decisions."""
        return multi_label_plots(matches)
