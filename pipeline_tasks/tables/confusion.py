"""Confusion matrices of models."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table


class Confusion(Table):
    """Number of test images of one class that a model predicted as another."""

    table_name = "confusions"

    model_digest = dy.String(primary_key=True, regex=DIGEST)
    class_name = dy.String(primary_key=True)
    predicted_class_name = dy.String(primary_key=True)
    images = dy.Int64(min=0)
