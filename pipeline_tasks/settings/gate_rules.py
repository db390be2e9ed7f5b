"""Levels of the gate's rules: each must be kept, or warns, or is off."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pipeline_tasks.settings.section import Settings

Level = Literal["must", "warn", "off"]

LIMITS: dict[str, tuple[str, ...]] = {
    "golden": ("golden_margin",),
    "worst_slice": ("slice_margin",),
    "each_class": ("class_margin",),
    "calibration": ("max_calibration_error",),
    "corruption": ("corruption_margin",),
    "latency": ("max_latency_ms",),
    "size": ("max_size_mb",),
    "parity": ("max_parity_difference",),
    "label_quality": ("min_agreement", "min_gold_accuracy"),
}
"""Rule → keys of `gates` of which it needs one; rules that are not named here need none."""


class GateRules(Settings):
    """Level of each rule; null is must for a rule with a limit, and one whose limit is null only states its figure."""

    metric: Level = Field("must", description="margin: the score against the champion's; the first model: against the trivial one.")
    golden: Level | None = Field(None, description="golden_margin: the golden set.")
    worst_slice: Level | None = Field(None, description="slice_margin: the worst of the other slices of test.")
    each_class: Level | None = Field(None, description="class_margin: the class that falls most.")
    lost_classes: Level = Field("must", description="Classes that the champion learnt and the candidate saw no image of.")
    calibration: Level | None = Field(None, description="max_calibration_error: how far confidence is from the truth.")
    corruption: Level | None = Field(None, description="corruption_margin: a sample of test through 15 corruptions.")
    latency: Level | None = Field(None, description="max_latency_ms: the exported file on the machine that evaluates.")
    size: Level | None = Field(None, description="max_size_mb: the exported file.")
    parity: Level | None = Field(None, description="max_parity_difference: the exported file against the trained network.")
    baseline: Level = Field(
        "warn",
        description="Better than a linear model on edges, colours and small pixels that each night trains (class, classes).",
    )
    label_quality: Level | None = Field(
        None, description="min_agreement, min_gold_accuracy. must trains nothing; warn trains and says so."
    )

    def of(self, rule: str) -> str:
        """Level of a rule."""
        level: str | None = getattr(self, rule)
        return level or "must"
