"""Predictions of classes as rows of `predictions`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from pipeline_tasks.kinds.classes.class_object import ClassObject
from pipeline_tasks.kinds.name_changes import NameChanges
from pipeline_tasks.tables.prediction import Prediction
from pipeline_tasks.tables.table import Table


class ProbabilityRows:
    """Part of a scoring whose predictions are probabilities of classes."""

    prediction_table: type[Table] = Prediction

    def prediction_rows(
        self, model_digest: str, image_ids: Sequence[str], predictions: Sequence[Sequence[ClassObject]]
    ) -> pl.DataFrame:
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


def by_names_of_today(predictions: pl.DataFrame, changes: NameChanges) -> pl.DataFrame:
    """Rows of predictions by today's names; probabilities of classes that were merged add up."""
    if not changes.renamed:
        return predictions
    renamed = changes.in_rows(predictions).group_by("model_digest", "image_id", "class_name", maintain_order=True)
    return renamed.agg(pl.col("probability").sum().clip(0.0, 1.0))
