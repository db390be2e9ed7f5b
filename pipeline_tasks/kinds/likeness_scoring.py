"""Scoring of kinds whose objects are alike by degrees: mean likeness of predicted objects and the truth, over all test images."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import polars as pl

from pipeline_tasks.intervals.bootstrap import percentile_interval, ratio_draws, sum_by_group
from pipeline_tasks.kinds.labeling import OBJECT_COLUMNS, Labeling, ObjectColumns
from pipeline_tasks.kinds.predicted_rows import prediction_rows
from pipeline_tasks.kinds.scoring import Basis, Figure, Floats, GroupedImages, Integers, Score, ScoreNames, group_numbers
from pipeline_tasks.tables.label_object import PredictedObject
from pipeline_tasks.tables.table import Table

T = TypeVar("T")


@dataclass(frozen=True)
class LikenessMatches(GroupedImages):
    """One model's objects with the truth: one entry an image, in the order of image_id."""

    likeness: Floats
    """From 0 to 1."""
    is_empty: Floats
    """1 for an image in which nothing is there, else 0."""
    groups: Integers

    @property
    def is_exact(self) -> Floats:
        """1 for an image without an error, else 0."""
        exact: Floats = (self.likeness >= 1).astype(np.float64)
        return exact


@dataclass(frozen=True)
class LikenessScoring(Generic[T]):
    """Metrics from per-image likeness; predictions are rows of `predicted_objects`."""

    names: ScoreNames
    """Its image metric is the share of images without an error, unless it is the score itself."""
    labeling: Labeling[T]
    alike: Callable[[Sequence[T], Sequence[T]], float]
    """Likeness of the objects of two annotations, or of the truth and a prediction."""
    prediction_table: type[Table] = PredictedObject

    def prediction_rows(self, model_digest: str, image_ids: Sequence[str], predictions: Sequence[Sequence[Any]]) -> pl.DataFrame:
        """One row for each object."""
        return prediction_rows(self.labeling, model_digest, image_ids, predictions)

    def main_predictions(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The first object of each model and cycle."""
        return rows.unique(["model_digest", "written_in"], keep="first", maintain_order=True)

    def with_truth(self, images: pl.DataFrame) -> pl.DataFrame:
        """All images: one without an object says that nothing is there."""
        return images

    def match(self, predictions: pl.DataFrame, images: pl.DataFrame, model_digest: str) -> LikenessMatches:
        """Compare one model's objects with those of rows of a version (with `objects`)."""
        rows = images.sort("image_id")
        mine = predictions.filter(pl.col("model_digest") == model_digest).sort("image_id", "object_index")
        said: dict[str, list[T]] = {}
        for one in mine.iter_rows(named=True):
            said.setdefault(one["image_id"], []).append(self._object(one))
        truth = [[self._object(one) for one in objects or ()] for objects in rows["objects"].to_list()]
        pairs = zip(truth, (said.get(one, []) for one in rows["image_id"]), strict=True)
        likeness = np.array([self.alike(right, told) for right, told in pairs], np.float64)
        groups = group_numbers(rows)
        return LikenessMatches(likeness, np.array([not right for right in truth], np.float64), groups)

    def basis(self, candidate: LikenessMatches, min_images: int) -> Basis:
        """All test images count, if there are enough."""
        why = "" if candidate.images >= min_images else f"{candidate.images} test images are fewer than {min_images}."
        return Basis((), (), why)

    def score(self, matches: LikenessMatches, basis: Basis, draws: Floats) -> Score:
        """Mean likeness."""
        value = float(matches.likeness.mean()) if matches.images else float("nan")
        return Score(value, _means(matches.likeness, matches, draws))

    def baseline(self, candidate: LikenessMatches) -> LikenessMatches:
        """No object in any image, which is right where nothing is there."""
        return LikenessMatches(candidate.is_empty, candidate.is_empty, candidate.groups)

    def image_scores(self, matches: LikenessMatches) -> Floats:
        """1 for an image without an error, else 0; the likeness where no image can be without one."""
        return matches.likeness if self.names.image_metric == self.names.metric else matches.is_exact

    def figures(self, matches: LikenessMatches, basis: Basis, draws: Floats, confidence: float) -> Iterator[Figure]:
        """Mean likeness, and the mean of the image scores."""
        found = {self.names.metric: matches.likeness, self.names.image_metric: self.image_scores(matches)}
        for metric, values in found.items():
            interval = percentile_interval(_means(values, matches, draws), confidence)
            yield Figure(metric, "", float(values.mean()), interval.low, interval.high, matches.images)

    def details(self, matches: Mapping[str, LikenessMatches]) -> list[tuple[type[Table], pl.DataFrame]]:
        """None."""
        return []

    def _object(self, row: Mapping[str, Any]) -> T:
        return self.labeling.from_columns(ObjectColumns(**{name: row[name] for name in OBJECT_COLUMNS}))


def _means(values: Floats, matches: LikenessMatches, draws: Floats) -> Floats:
    sums = sum_by_group(values[:, None], matches.groups, matches.group_count)
    images = sum_by_group(np.ones_like(values)[:, None], matches.groups, matches.group_count)
    found: Floats = ratio_draws(draws, sums, images)[:, 0]
    return found
