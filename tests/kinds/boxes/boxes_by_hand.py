"""Boxes of truth and prediction as the tables that the kind `box` scores, from a few numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import given
import numpy as np
import polars as pl
from kinds.matching.as_pycocotools import Scene

from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.boxes.box_kind import BoxKind

MODEL = "a" * 64
SCORING = BoxKind(()).scoring
OBJECT = pl.Struct(
    {"object_index": pl.Int32, "class_name": pl.String}
    | dict.fromkeys(("x_min_px", "y_min_px", "width_px", "height_px"), pl.Float64)
)


def image_ids(count: int) -> list[str]:
    """Ids in the order in which images are numbered."""
    return sorted(given.image_id(number) for number in range(count))


def version_rows(truth: Sequence[Sequence[Box]], groups: Sequence[int] | None = None, side_px: int = 600) -> pl.DataFrame:
    """Rows of a version: one an image, with its boxes."""
    found = image_ids(len(truth))
    return pl.DataFrame(
        {
            "image_id": found,
            "split_group_id": [given.image_id(f"g{number:05}") for number in (range(len(truth)) if groups is None else groups)],
            "objects": [[_fields(number, one) for number, one in enumerate(boxes)] for boxes in truth],
            "width_px": [side_px] * len(truth),
            "height_px": [side_px] * len(truth),
        },
        schema_overrides={"objects": pl.List(OBJECT), "image_id": pl.String, "split_group_id": pl.String},
    )


def predicted_rows(predicted: Sequence[Sequence[Box]]) -> pl.DataFrame:
    """Rows of predictions of one model for the same images."""
    return SCORING.prediction_rows(MODEL, image_ids(len(predicted)), predicted)


def boxes_of(scene: Scene, names: Mapping[int, str], *, is_truth: bool) -> list[Box]:
    """One image of a random scene."""
    boxes = scene.true if is_truth else scene.predicted
    return [
        Box(names[number], *map(float, box), confidence=None if is_truth else float(confidence))
        for number, rows in boxes.items()
        for box, confidence in zip(rows, np.ones(len(rows)) if is_truth else scene.confidences[number], strict=True)
    ]


def _fields(number: int, one: Box) -> dict[str, object]:
    names = ("class_name", "x_min_px", "y_min_px", "width_px", "height_px")
    return {"object_index": number} | {name: getattr(one, name) for name in names}
