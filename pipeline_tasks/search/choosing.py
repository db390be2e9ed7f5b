"""Choice of a winner: the best trial, and its proof on folds that no trial was chosen by.

The best of many trials is partly the luckiest on the folds of the search. So it is compared with the project's own settings on
fresh folds, and must be better by more than one standard error. Folds share training images, so the variance is corrected (Nadeau
and Bengio 2003, doi:10.1023/A:1024068626366). The gate compares the candidate on test images afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, variance

from pipeline_tasks.records.finished_trial import FinishedTrial


@dataclass(frozen=True)
class Proof:
    """Comparison of the best trial with the project's own settings on fresh folds."""

    gain: float
    """Mean of their losses less mean of the best trial's."""
    noise: float
    """Standard error of the gain."""

    @property
    def holds(self) -> bool:
        """True if the best trial is better by more than its noise."""
        return self.gain > self.noise


def best_trial(trials: Sequence[FinishedTrial]) -> FinishedTrial:
    """The trial with the lowest loss over all folds; of equal ones the first."""
    return min((trial for trial in trials if not trial.is_pruned), key=lambda one: (one.loss, one.number))


def proof(own: Sequence[float], best: Sequence[float]) -> Proof:
    """Compare the losses on the same folds, at least two."""
    gains = [one - other for one, other in zip(own, best, strict=True)]
    folds = len(gains)
    share = 1 / folds + 1 / (folds - 1)
    return Proof(fmean(gains), float((share * variance(gains)) ** 0.5))
