"""Scoring of texts: 1 minus the character error over all test images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline_tasks.intervals.bootstrap import percentile_interval, ratio_draws, sum_by_group
from pipeline_tasks.kinds.labeling import OBJECT_COLUMNS, ObjectColumns
from pipeline_tasks.kinds.scoring import Basis, Figure, Floats, Integers, Score, ScoreNames
from pipeline_tasks.kinds.texts.consensus import annotations_alike
from pipeline_tasks.kinds.texts.labeling import TextLabeling
from pipeline_tasks.kinds.texts.text_object import Text
from pipeline_tasks.tables.label_object import PredictedObject
from pipeline_tasks.tables.table import Table, empty


@dataclass(frozen=True)
class TextMatches:
    """One model's texts with the truth: one entry an image, in the order of image_id."""

    likeness: Floats
    """1 minus the character error."""
    is_exact: Floats
    """1 for the same texts, else 0."""
    is_empty: Floats
    """1 for an image in which nothing is written, else 0."""
    groups: Integers

    @property
    def images(self) -> int:
        """Number of images."""
        return len(self.likeness)

    @property
    def group_count(self) -> int:
        """Number of split groups."""
        return int(self.groups.max()) + 1 if self.groups.size else 0


@dataclass(frozen=True)
class TextScoring:
    """Metrics of the kind `text`, from per-image matches."""

    ignores_case: bool = False

    names = ScoreNames(
        metric="text_likeness",
        words="likeness of texts",
        baseline_metric="empty_text_likeness",
        baseline_words="reading nothing",
        baseline_short="nothing",
        image_metric="exact_texts",
        image_words="share of texts without an error",
    )
    prediction_table: type[Table] = PredictedObject

    def prediction_rows(self, model_digest: str, image_ids: Sequence[str], predictions: Sequence[Sequence[Text]]) -> pl.DataFrame:
        """One row for each text."""
        labeling = TextLabeling()
        rows = [
            vars(labeling.as_columns(one))
            | {"model_digest": model_digest, "image_id": image_id, "object_index": at, "confidence": one.confidence}
            for image_id, objects in zip(image_ids, predictions, strict=True)
            for at, one in enumerate(objects)
        ]
        return pl.DataFrame(rows, schema=empty(PredictedObject).schema)

    def main_predictions(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The first text of each model and cycle."""
        return rows.unique(["model_digest", "written_in"], keep="first", maintain_order=True)

    def with_truth(self, images: pl.DataFrame) -> pl.DataFrame:
        """All images: one without a text says that nothing is written there."""
        return images

    def match(self, predictions: pl.DataFrame, images: pl.DataFrame, model_digest: str) -> TextMatches:
        """Compare one model's texts with those of rows of a version (with `objects`)."""
        rows = images.sort("image_id")
        mine = predictions.filter(pl.col("model_digest") == model_digest).sort("image_id", "object_index")
        said: dict[str, list[Text]] = {}
        for one in mine.iter_rows(named=True):
            said.setdefault(one["image_id"], []).append(_text(one))
        truth = [[_text(one) for one in objects or ()] for objects in rows["objects"].to_list()]
        folded = TextLabeling(ignores_case=self.ignores_case).folded
        pairs = list(zip(truth, (said.get(one, []) for one in rows["image_id"]), strict=True))
        likeness = np.array([annotations_alike(right, read, folded) for right, read in pairs], np.float64)
        groups = rows["split_group_id"].rank("dense").to_numpy().astype(np.int64) - 1
        is_empty = np.array([not right for right in truth], np.float64)
        return TextMatches(likeness, (likeness >= 1).astype(np.float64), is_empty, groups)

    def basis(self, candidate: TextMatches, min_images: int) -> Basis:
        """All test images count, if there are enough."""
        why = "" if candidate.images >= min_images else f"{candidate.images} test images are fewer than {min_images}."
        return Basis((), (), why)

    def score(self, matches: TextMatches, basis: Basis, draws: Floats) -> Score:
        """Mean likeness."""
        return Score(
            float(matches.likeness.mean()) if matches.images else float("nan"), _mean_draws(matches.likeness, matches, draws)
        )

    def baseline(self, candidate: TextMatches) -> TextMatches:
        """No text in any image, which is right where nothing is written."""
        return TextMatches(candidate.is_empty, candidate.is_empty, candidate.is_empty, candidate.groups)

    def image_scores(self, matches: TextMatches) -> Floats:
        """1 for the same texts, else 0."""
        return matches.is_exact

    def figures(self, matches: TextMatches, basis: Basis, draws: Floats, confidence: float) -> Iterator[Figure]:
        """Mean likeness, and the share of exact texts."""
        for metric, values in ((self.names.metric, matches.likeness), (self.names.image_metric, matches.is_exact)):
            interval = percentile_interval(_mean_draws(values, matches, draws), confidence)
            yield Figure(metric, "", float(values.mean()), interval.low, interval.high, matches.images)

    def details(self, matches: Mapping[str, TextMatches]) -> list[tuple[type[Table], pl.DataFrame]]:
        """None."""
        return []


def _text(row: Mapping[str, object]) -> Text:
    return TextLabeling().from_columns(ObjectColumns(**{name: row[name] for name in OBJECT_COLUMNS}))  # type: ignore[arg-type]


def _mean_draws(values: Floats, matches: TextMatches, draws: Floats) -> Floats:
    sums = sum_by_group(values[:, None], matches.groups, matches.group_count)
    images = sum_by_group(np.ones_like(values)[:, None], matches.groups, matches.group_count)
    found: Floats = ratio_draws(draws, sums, images)[:, 0]
    return found
