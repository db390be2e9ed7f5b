"""Skeletons of images from rows of tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from pipeline_tasks.kinds.keypoints.labeling import KeypointLabeling
from pipeline_tasks.kinds.keypoints.skeleton import Skeleton
from pipeline_tasks.kinds.labeling import OBJECT_COLUMNS, ObjectColumns


def true_things(images: pl.DataFrame, labeling: KeypointLabeling) -> list[tuple[Skeleton, ...]]:
    """Things of the labels of a version's rows, image by image."""
    return [tuple(_thing(one, labeling) for one in objects or ()) for objects in images["objects"].to_list()]


def things_of_rows(predictions: pl.DataFrame, labeling: KeypointLabeling) -> dict[str, Sequence[Skeleton]]:
    """Image → its things in their order, with their confidences if a model found them."""
    found: dict[str, list[Skeleton]] = {}
    for one in predictions.sort("image_id", "object_index").iter_rows(named=True):
        found.setdefault(one["image_id"], []).append(_thing(one, labeling, one.get("confidence")))
    return dict(found)


def _thing(row: Mapping[str, Any], labeling: KeypointLabeling, confidence: float | None = None) -> Skeleton:
    one = labeling.from_columns(ObjectColumns(**{name: row[name] for name in OBJECT_COLUMNS}))
    return Skeleton(one.class_name, one.points, one.x_min_px, one.y_min_px, one.width_px, one.height_px, confidence)
