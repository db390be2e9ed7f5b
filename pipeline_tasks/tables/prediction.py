"""Predictions of models."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table


class Prediction(Table):
    """One model's prediction for one image."""

    table_name = "predictions"

    model_digest = dy.String(primary_key=True, regex=DIGEST)
    image_id = dy.String(primary_key=True, regex=DIGEST)
    class_name = dy.String(primary_key=True)
    probability = dy.Float64(min=0, max=1)
