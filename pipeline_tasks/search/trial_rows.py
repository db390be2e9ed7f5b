"""Trials as rows of the table `trials`, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable

import polars as pl

from pipeline_tasks.records.finished_trial import FinishedTrial
from pipeline_tasks.tables.table import Rows, check
from pipeline_tasks.tables.trial import Trial


def rows_of_trials(trials: Iterable[tuple[int, FinishedTrial]]) -> Rows[Trial]:
    """Rows of (wave, trial), in the order of their numbers."""
    rows = [
        {
            "trial": trial.number,
            "wave": wave,
            "settings": json.dumps(dict(trial.values), sort_keys=True),
            "fold_losses": list(trial.fold_losses),
            "loss": trial.loss,
            "score": trial.score,
            "is_pruned": trial.is_pruned,
        }
        for wave, trial in sorted(trials, key=lambda one: one[1].number)
    ]
    return check(Trial, pl.DataFrame(rows))


def trials_of_rows(rows: Rows[Trial]) -> list[FinishedTrial]:
    """Trials in the order of their numbers."""
    return [
        FinishedTrial(row["trial"], json.loads(row["settings"]), tuple(row["fold_losses"]), row["is_pruned"], row["score"])
        for row in rows.sort("trial").iter_rows(named=True)
    ]
