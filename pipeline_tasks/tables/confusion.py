"""Which classes models mix up."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table


class Confusion(Table):
    """How many test images of one class a model took for another."""

    table_name = "confusions"

    model_digest = dy.String(primary_key=True, regex=DIGEST)
    class_name = dy.String(primary_key=True)
    predicted_class_name = dy.String(primary_key=True)
    images = dy.Int64(min=0)
