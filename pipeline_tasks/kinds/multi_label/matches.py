"""Per-image matches of one model: true and predicted classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline_tasks.kinds.multi_label.decode import PRESENT
from pipeline_tasks.kinds.scoring import Floats, GroupedImages, Integers, group_numbers

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class MultiLabelMatches(GroupedImages):
    """One model's predictions with the truth: one entry an image, in the order of image_id."""

    class_names: tuple[str, ...]
    """All classes that are true for an image or that the model knows, sorted."""
    truth: Flags
    """N x C."""
    predicted: Flags
    """N x C."""
    probability: Floats
    """The model's probability of each class (N x C); 0 for a class that it does not know."""
    groups: Integers
    """Number of the image's split group, from 0."""


def match(predictions: pl.DataFrame, images: pl.DataFrame, model_digest: str) -> MultiLabelMatches:
    """Align one model's predictions with rows of a version (with `objects`); each image must have been predicted."""
    rows = images.sort("image_id")
    positions = {image_id: row for row, image_id in enumerate(rows["image_id"])}
    said = [{str(one["class_name"]) for one in objects or ()} for objects in rows["objects"].to_list()]
    mine = predictions.filter(pl.col("model_digest") == model_digest, pl.col("image_id").is_in(list(positions)))
    names = tuple(sorted(set().union(*said) | set(mine["class_name"])))
    columns = {name: number for number, name in enumerate(names)}
    truth, probability = np.zeros((len(said), len(names)), bool), np.zeros((len(said), len(names)))
    for row, classes in enumerate(said):
        truth[row, [columns[name] for name in classes]] = True
    places = [positions[one] for one in mine["image_id"]], [columns[one] for one in mine["class_name"]]
    probability[places] = mine["probability"].to_numpy()
    # Compare in the model's precision, as the prediction server does.
    predicted = probability.astype(np.float32) >= np.float32(PRESENT)
    return MultiLabelMatches(names, truth, predicted, probability, group_numbers(rows))


def all_classes(matches: MultiLabelMatches) -> MultiLabelMatches:
    """Matches of the trivial baseline, which names every class in every image.

    It has the highest mean F1 of all constant answers: F1 of a class that is never named is 0.
    """
    named = np.ones_like(matches.truth)
    return MultiLabelMatches(matches.class_names, matches.truth, named, named.astype(np.float64), matches.groups)


def by_names_of_today(predictions: pl.DataFrame, today: dict[str, str], removed: tuple[str, ...]) -> pl.DataFrame:
    """Rows of predictions by today's names without removed ones; of merged classes the most probable counts."""
    kept = predictions.filter(~pl.col("class_name").is_in(list(removed)))
    if not today:
        return kept
    renamed = kept.with_columns(pl.col("class_name").replace(today))
    return renamed.group_by("model_digest", "image_id", "class_name", maintain_order=True).agg(pl.col("probability").max())
