"""Per-image matches of one model: true and most probable class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline_tasks.kinds.scoring import Floats, GroupedImages, Integers, group_numbers
from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.tables.prediction import Prediction
from pipeline_tasks.tables.table import Rows


@dataclass(frozen=True)
class ClassMatches(GroupedImages):
    """One model's predictions with the truth: one entry an image, in the order of image_id."""

    class_names: tuple[str, ...]
    """All classes that are true for an image or that the model knows."""
    truth: Integers
    """Index of the true class."""
    predicted: Integers
    """Index of the most probable class; of equally probable ones the first by name."""
    truth_probability: Floats
    """The model's probability of the true class; 0 for a class that it does not know."""
    groups: Integers
    """Number of the image's split group, from 0."""
    probabilities: Floats | None = None
    """The model's probability of each class (N x C), 0 for one that it does not know; None for a baseline, which gives none."""


def match(
    predictions: Rows[Prediction] | pl.DataFrame, test_images: Rows[DatasetImage] | pl.DataFrame, model_digest: str
) -> ClassMatches:
    """Align one model's predictions with the test images; each image must have been predicted."""
    mine = predictions.filter(pl.col("model_digest") == model_digest)
    images = test_images.sort("image_id")
    names = tuple(sorted({*images["class_name"].to_list(), *mine["class_name"].to_list()}))
    best = (
        mine.sort(["image_id", "probability", "class_name"], descending=[False, True, False])
        .group_by("image_id", maintain_order=True)
        .agg(pl.col("class_name").first().alias("predicted"))
    )
    given = mine.select("image_id", "class_name", pl.col("probability").alias("truth_probability"))
    lined_up = images.join(best, on="image_id", how="left").join(given, on=["image_id", "class_name"], how="left").sort("image_id")
    return ClassMatches(
        class_names=names,
        truth=_indices(lined_up["class_name"].to_list(), names),
        predicted=_indices(lined_up["predicted"].to_list(), names),
        truth_probability=lined_up["truth_probability"].fill_null(0.0).to_numpy().astype(np.float64),
        groups=group_numbers(lined_up),
        probabilities=_probabilities(mine, images["image_id"], names),
    )


def always(matches: ClassMatches, class_name: str) -> ClassMatches:
    """Matches of a baseline that predicts the same class for all images, which every model must beat."""
    index = matches.class_names.index(class_name)
    hits = (matches.truth == index).astype(np.float64)
    return ClassMatches(matches.class_names, matches.truth, np.full_like(matches.truth, index), hits, matches.groups)


def _probabilities(mine: pl.DataFrame, image_ids: pl.Series, names: Sequence[str]) -> Floats:
    """N x C, in the order of images and of names."""
    rows, columns = ({value: number for number, value in enumerate(values)} for values in (image_ids, names))
    known = mine.filter(pl.col("image_id").is_in(image_ids.implode()))
    found = np.zeros((len(rows), len(columns)))
    places = [rows[one] for one in known["image_id"]], [columns[one] for one in known["class_name"]]
    found[places] = known["probability"].to_numpy()
    return found


def _indices(values: Sequence[str], names: Sequence[str]) -> Integers:
    index = {name: number for number, name in enumerate(names)}
    return np.array([index[value] for value in values], dtype=np.int64)
