"""Objects that a model predicted as rows of the table `predicted_objects`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from pipeline_tasks.kinds.labeling import Labeling
from pipeline_tasks.tables.label_object import PredictedObject
from pipeline_tasks.tables.table import empty


def prediction_rows(
    labeling: Labeling[Any], model_digest: str, image_ids: Sequence[str], predictions: Sequence[Sequence[Any]]
) -> pl.DataFrame:
    """One row for each object of each image."""
    rows = [
        vars(labeling.as_columns(one))
        | {"model_digest": model_digest, "image_id": image_id, "object_index": number, "confidence": one.confidence}
        for image_id, objects in zip(image_ids, predictions, strict=True)
        for number, one in enumerate(objects)
    ]
    return pl.DataFrame(rows, schema=empty(PredictedObject).schema)


def surest(rows: pl.DataFrame) -> pl.DataFrame:
    """The surest object of each model and cycle; of equally sure ones the first."""
    ordered = rows.sort("confidence", descending=True, nulls_last=True, maintain_order=True)
    return ordered.unique(["model_digest", "written_in"], keep="first", maintain_order=True)
