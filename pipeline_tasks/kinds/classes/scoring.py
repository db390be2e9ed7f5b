"""Scoring of classifiers: balanced accuracy, compared with the most frequent class as baseline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline_tasks.kinds.classes import metrics
from pipeline_tasks.kinds.classes.matches import ClassMatches, always, match
from pipeline_tasks.kinds.classes.plots import class_plots
from pipeline_tasks.kinds.classes.prediction_rows import ProbabilityRows, by_names_of_today
from pipeline_tasks.kinds.name_changes import NO_CHANGES, NameChanges
from pipeline_tasks.kinds.plots import Plot
from pipeline_tasks.kinds.scoring import Basis, Figure, Floats, Score, ScoreNames
from pipeline_tasks.tables.confusion import Confusion
from pipeline_tasks.tables.table import Table

MIN_CLASSES = 2
"""Minimum number of classes, because with one class a constant prediction would be perfect."""


@dataclass(frozen=True)
class ClassScoring(ProbabilityRows):
    """Metrics of the kind `class`, from per-image matches."""

    changes: NameChanges = NO_CHANGES

    names = ScoreNames(
        metric="balanced_accuracy",
        words="balanced accuracy",
        baseline_metric="majority_balanced_accuracy",
        baseline_words="always predicting the most frequent class",
        baseline_short="most frequent class",
        image_metric="accuracy",
        image_words="accuracy",
        name_metric="recall",
        calibration_metric="calibration_error",
    )

    def main_predictions(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The most probable class; of equal ones the first."""
        key = ["model_digest", "written_in"]
        best = rows.filter(pl.col("probability") == pl.col("probability").max().over(key))
        return best.unique(key, keep="first", maintain_order=True)

    def with_truth(self, images: pl.DataFrame) -> pl.DataFrame:
        """Images with a class."""
        return images.filter(pl.col("class_name").is_not_null())

    def match(self, predictions: pl.DataFrame, images: pl.DataFrame, model_digest: str) -> ClassMatches:
        """Compare one model's most probable classes with the truth; an older model's classes count by their names of today."""
        return match(by_names_of_today(predictions, self.changes), images, model_digest)

    def basis(self, candidate: ClassMatches, min_images: int) -> Basis:
        """Classes with at least `min_images` test images count."""
        counted, left_out = metrics.counted_classes(candidate, min_images)
        why = ""
        if len(counted) < MIN_CLASSES:
            why = f"{len(counted)} classes have at least {min_images} test images, and a comparison needs {MIN_CLASSES}."
        note = f"Left out for having fewer than {min_images} test images: {', '.join(left_out)}." if left_out else ""
        return Basis(counted, left_out, why, note)

    def score(self, matches: ClassMatches, basis: Basis, draws: Floats) -> Score:
        """Balanced accuracy over the classes that count."""
        return metrics.balanced_accuracy(matches, basis.counted, draws)

    def baseline(self, candidate: ClassMatches) -> ClassMatches:
        """Always the most frequent true class."""
        return always(candidate, metrics.majority_class(candidate))

    def image_scores(self, matches: ClassMatches) -> Floats:
        """1 if the most probable class is the true one, else 0."""
        is_right: Floats = (matches.predicted == matches.truth).astype(np.float64)
        return is_right

    def figures(self, matches: ClassMatches, basis: Basis, draws: Floats, confidence: float) -> Iterator[Figure]:
        """Balanced accuracy, accuracy, log loss, calibration error; recall, precision, F1 and areas under curves of each class."""
        return metrics.figures(matches, basis.counted, draws, confidence)

    def details(self, matches: Mapping[str, ClassMatches]) -> list[tuple[type[Table], pl.DataFrame]]:
        """Confusions between classes."""
        rows = [
            {"model_digest": digest, "class_name": truth, "predicted_class_name": predicted, "images": images}
            for digest, one in matches.items()
            for truth, predicted, images in metrics.confusions(one)
        ]
        return [(Confusion, pl.DataFrame(rows))]

    def plots(self, matches: ClassMatches) -> list[Plot]:
        """Confusions, precision over recall of each class against all others, and calibration of the most probable class."""
        return class_plots(matches)
