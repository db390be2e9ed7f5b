"""Record of the stage `evaluate_model`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class EvaluateModelSummary:
    """Main figures of the candidate; all figures, and the champion's, are in `metrics`."""

    stage: ClassVar[str] = "evaluate_model"

    skipped: str | None
    why: str = ""
    """Reason why there are no figures; empty if there are."""
    model_digest: str | None = None
    dataset_id: str | None = None
    dataset_cycle_id: str | None = None
    """The cycle whose `dataset_images` is the version's manifest."""
    champion_digest: str | None = None
    champion_dataset_cycle_id: str | None = None
    test_images: int = 0
    test_groups: int = 0
    classes_left_out: list[str] = field(default_factory=list)
    balanced_accuracy: float | None = None
    balanced_accuracy_low: float | None = None
    balanced_accuracy_high: float | None = None
    accuracy: float | None = None
    log_loss: float | None = None
    majority_balanced_accuracy: float | None = None
    champion_balanced_accuracy: float | None = None
    slices: dict[str, dict[str, float | None]] = field(default_factory=dict)
    """golden, recent, control → images, groups, and accuracy, balanced_accuracy (each with _low, _high) of the candidate, the
    champion's behind champion_; a slice that the version has no images of is not named."""
