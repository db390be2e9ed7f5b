"""Record of the stage `evaluate_model`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class EvaluateModelSummary:
    """Main figures of the candidate in the score of its kind; all figures, and the champion's, are in `metrics`."""

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
    score: float | None = None
    score_low: float | None = None
    score_high: float | None = None
    image_score: float | None = None
    """Mean of the scores of single images."""
    baseline_score: float | None = None
    champion_score: float | None = None
    figures: dict[str, float] = field(default_factory=dict)
    """Further figures of the whole test by the kind's names for them."""
    slices: dict[str, dict[str, float | None]] = field(default_factory=dict)
    """golden, recent, control → images, groups, and the kind's two scores by their names (each with _low, _high) of the candidate,
    the champion's behind champion_; a slice that the version has no images of is not named."""
    latency_ms: float | None = None
    """Median time of the candidate for an image on the machine that evaluated it; None unless the gate has a rule on it."""
    simple_score: float | None = None
    """Score of a linear model on edges, colours and small pixels that was trained on the same version; None if there is none."""
    simple_difference: float | None = None
    """Candidate minus it, on the same draws."""
    simple_low: float | None = None
    simple_high: float | None = None
    corruption_images: int = 0
    """Test images that were measured through corruptions; 0 unless the gate has a rule on it."""
    corruption_score: float | None = None
    """The candidate's mean image score over all corruptions and strengths."""
    corruption_champion: float | None = None
    corruption_difference: float | None = None
    corruption_low: float | None = None
    corruption_high: float | None = None
    slices_looked_at: int = 0
    """Groups of test images that were looked at for more errors than elsewhere; 0 if test is too small, or it is not asked for."""
    found_slices: list[str] = field(default_factory=list)
    """Rule of each one that was claimed, the most certain first; the rows are in `found_slices`, in the same order."""
