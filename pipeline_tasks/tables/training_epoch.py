"""Metrics of trainings by epoch."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import Table


class TrainingEpoch(Table):
    """One metric of one epoch of the cycle's training; one that was no finite number has no row."""

    table_name = "training_epochs"

    #: `head` for a head on a frozen backbone, `live` where the backbone was trained, too.
    phase = dy.String(primary_key=True)
    #: From 0.
    epoch = dy.Int64(primary_key=True, min=0)
    metric = dy.String(primary_key=True)
    value = dy.Float64()
