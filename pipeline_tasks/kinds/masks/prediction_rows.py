"""Predicted masks as rows of `predicted_objects`."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from pipeline_tasks.kinds.masks.mask import Mask
from pipeline_tasks.tables.label_object import PredictedObject
from pipeline_tasks.tables.table import empty


def prediction_rows(model_digest: str, image_ids: Sequence[str], predictions: Sequence[Sequence[Mask]]) -> pl.DataFrame:
    """One row for each mask."""
    rows = [
        {
            "model_digest": model_digest,
            "image_id": image_id,
            "object_index": number,
            "label_kind": "mask",
            "class_name": one.class_name,
            "x_min_px": 0.0,
            "y_min_px": 0.0,
            "width_px": float(one.size_px[0]),
            "height_px": float(one.size_px[1]),
            "points_px": list(one.polygon_px) or None,
            "mask_rle": one.rle,
            "confidence": one.confidence,
        }
        for image_id, masks in zip(image_ids, predictions, strict=True)
        for number, one in enumerate(masks)
    ]
    return pl.DataFrame(rows, schema=empty(PredictedObject).schema)


def main_predictions(rows: pl.DataFrame) -> pl.DataFrame:
    """The surest mask of each model and cycle; of equally sure ones the first."""
    ordered = rows.sort("confidence", descending=True, nulls_last=True, maintain_order=True)
    return ordered.unique(["model_digest", "written_in"], keep="first", maintain_order=True)
