"""One trial of a search with its result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline_tasks.settings.search import Value


@dataclass(frozen=True)
class FinishedTrial:
    """Settings that were tried, and the losses on the held-out images of each fold, in order."""

    number: int
    """0 is the project's own settings."""
    values: Mapping[str, Value | None]
    """Dotted key of `training` → value."""
    fold_losses: tuple[float, ...]
    """Fewer than the search has folds if the trial was ended early."""
    is_pruned: bool
    score: float
    """The kind's score, as the mean of the same folds."""

    @property
    def loss(self) -> float:
        """Mean over the folds that were fitted."""
        return sum(self.fold_losses) / len(self.fold_losses)

    def loss_after(self, folds: int) -> float:
        """Mean over the first folds."""
        return sum(self.fold_losses[:folds]) / folds
