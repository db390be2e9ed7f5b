"""Trials of searches over training settings."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import Table


class Trial(Table):
    """Settings that a search tried, and their results on held-out training and validation images."""

    table_name = "trials"

    trial = dy.Int64(primary_key=True, min=0)
    """0 is the project's own settings."""
    wave = dy.Int64(min=0)
    settings = dy.String()
    """JSON: key of `training` → value."""
    fold_losses = dy.List(dy.Float64(nullable=False), min_length=1)
    """Fewer than the search has folds if the trial was ended early."""
    loss = dy.Float64()
    score = dy.Float64()
    is_pruned = dy.Bool()
