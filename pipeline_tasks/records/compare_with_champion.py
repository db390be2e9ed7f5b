"""Record of the stage `compare_with_champion`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from pipeline_tasks.records.gate_rule import GateRule


@dataclass(frozen=True)
class CompareWithChampionSummary:
    """Decision with its figures; scores are the kind's, from 0 to 1."""

    stage: ClassVar[str] = "compare_with_champion"

    skipped: str | None
    decision: str = "keep"
    """`promote` or `keep`."""
    why: str = ""
    model_digest: str | None = None
    champion_digest: str | None = None
    """The champion that the candidate was compared with; None if there was none."""
    candidate_score: float | None = None
    candidate_low: float | None = None
    candidate_high: float | None = None
    champion_score: float | None = None
    baseline_score: float | None = None
    """Score of the kind's trivial baseline; set if there was no champion."""
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    margin: float | None = None
    classes_left_out: list[str] = field(default_factory=list)
    test_images: int = 0
    test_groups: int = 0
    slices: dict[str, dict[str, float | None]] = field(default_factory=dict)
    """golden, recent, control → images and mean image scores: candidate, champion, difference with its bounds low and high."""
    golden_margin: float | None = None
    names_lost: dict[str, int] = field(default_factory=dict)
    """Names that the champion learnt and the candidate has no training image of → images of the champion's version."""
    rules: list[GateRule] = field(default_factory=list)
    """Every rule of the gate that was looked at; empty if nothing could be compared, and for cycles of earlier releases."""
    images_to_see_3_points: int | None = None
    """Test images like these that are needed to tell a difference of 3 points; None if the models answer alike."""
    found_slices: dict[str, dict[str, float | None]] = field(default_factory=dict)
    """Rule of a found slice → the same figures as of `slices`; bounds hold for all found slices at once."""
    test_decisions: float = 0.0
    """Decisions for which an image of test was used on average, with this one; 0 if nothing could be compared, and for cycles of
    earlier releases, which do not count."""
    test_worn: str = ""
    """Warning of a test that was used so often that luck is likelier than not; empty if it was not."""
