"""Record of the stage `choose_settings`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from pipeline_tasks.settings.search import Value


@dataclass(frozen=True)
class ChooseSettingsSummary:
    """Outcome of a search."""

    stage: ClassVar[str] = "choose_settings"

    skipped: str | None
    why: str = ""
    """Sentence on the outcome."""
    is_found: bool = False
    """True if the best trial proved better than the project's own settings; the candidate is then trained with it."""
    best_trial: int = 0
    settings: dict[str, Value | None] = field(default_factory=dict)
    """Key of `training` → value, of the best trial."""
    yaml: str = ""
    """Lines for the project file; empty unless found."""
    trials: int = 0
    pruned: int = 0
    """Trials that were ended early."""
    own_loss: float | None = None
    best_loss: float | None = None
    own_score: float | None = None
    best_score: float | None = None
    """Of the folds of the search, by which the best trial was chosen: too good."""
    gain: float | None = None
    """Loss of the own settings less that of the best trial, on fresh folds."""
    noise: float | None = None
    """Standard error of the gain."""
    proof_own_score: float | None = None
    proof_best_score: float | None = None
