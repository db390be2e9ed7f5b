"""End of hopeless trials: the median rule over folds.

All trials hold out the same images in the same order, so their losses after one fold are compared image by image, and a fold is
enough to tell a poor trial. Only trials of earlier waves are compared with: their results do not depend on who runs beside whom.
The rule is that of Vizier (Golovin et al. 2017, doi:10.1145/3097983.3098043, section 3.1.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from pipeline_tasks.records.finished_trial import FinishedTrial

MIN_EARLIER = 4
"""Trials that must have come as far; the median of fewer is chance."""


def is_hopeless(fold_losses: Sequence[float], earlier: Sequence[FinishedTrial]) -> bool:
    """Return True if the mean loss so far is above the median of earlier trials after as many folds."""
    folds = len(fold_losses)
    reached = [trial.loss_after(folds) for trial in earlier if len(trial.fold_losses) >= folds]
    return len(reached) >= MIN_EARLIER and sum(fold_losses) / folds > median(reached)
