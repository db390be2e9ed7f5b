"""Predictions of classes as rows of `predictions`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from pipeline_tasks.kinds.classes.class_object import ClassObject


def prediction_rows(model_digest: str, image_ids: Sequence[str], predictions: Sequence[Sequence[ClassObject]]) -> pl.DataFrame:
    """One row for each image and class; `predictions` has one entry an image."""
    counts = [len(objects) for objects in predictions]
    flat = [one for objects in predictions for one in objects]
    probabilities = np.array([one.probability for one in flat], np.float64)
    return pl.DataFrame(
        {
            "model_digest": np.full(len(flat), model_digest),
            "image_id": np.repeat(np.array(image_ids), counts),
            "class_name": [one.class_name for one in flat],
            "probability": np.clip(probabilities, 0.0, 1.0),
        }
    )
