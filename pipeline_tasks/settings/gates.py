"""Limits that labels must keep to be trained on, and a candidate to become champion."""

from __future__ import annotations

from pydantic import Field, model_validator

from pipeline_tasks.settings.gate_rules import LIMITS, GateRules
from pipeline_tasks.settings.section import Settings


class GateSettings(Settings):
    """Settings of the gates: on the quality of labels, and on a candidate that may become the champion."""

    margin: float = Field(
        ge=0, le=1, description="A candidate is promoted if it is not worse than the champion by more than this (0.05: 5 points)."
    )
    confidence: float = Field(0.95, gt=0.5, lt=1)
    bootstrap_samples: int = Field(2000, ge=100)
    min_test_images_per_class: int = Field(5, ge=1)
    min_agreement: float | None = Field(
        None,
        gt=0,
        le=1,
        description="Least agreement of votes and labels, from 0 to 1 by the label kind's measure, over all images that several "
        "people annotated. No model is trained unless the lower end of its interval reaches this; the report says so for every "
        "label kind. null: it is only stated.",
    )
    min_gold_accuracy: float | None = Field(
        None,
        gt=0,
        le=1,
        description="Least share of right annotations of gold images (labeling.gold_ratio) in a round. If the upper end of its "
        "interval is below, no model is trained that night; a round without gold annotations is not held. null: it is only stated.",
    )
    golden_margin: float | None = Field(
        None,
        ge=0,
        le=1,
        description="The same margin for accuracy on the golden set; null: the golden set is only reported.",
    )
    slice_margin: float | None = Field(
        None,
        ge=0,
        le=1,
        description="The same for the worst other slice of test (recent, control), and no found slice may be shown to be worse by "
        "more; null: slices are only reported.",
    )
    found_slice_p: float | None = Field(
        0.02,
        gt=0,
        le=0.5,
        description="Groups of test images on which models err more than elsewhere are looked for each night, and claimed up to "
        "this corrected p-value: a share of nights in which one is claimed that is none. They count for slice_margin. null: not "
        "looked for.",
    )
    class_margin: float | None = Field(
        None,
        ge=0,
        le=1,
        description="No class may be shown to have fallen by more than this in its part of the score; null: not measured.",
    )
    max_calibration_error: float | None = Field(
        None,
        gt=0,
        le=1,
        description="Greatest expected calibration error of the candidate (label kind class); on few test images it is too high "
        "for every model. null: only stated.",
    )
    corruption_margin: float | None = Field(
        None,
        ge=0,
        le=1,
        description="The margin for the mean image score on corrupted test images: noise, blur, weather and compression, 15 in "
        "three strengths, after ImageNet-C. null: not measured, as it takes 45 predictions an image and model.",
    )
    corruption_images: int = Field(50, ge=1, description="Test images that corruption_margin is measured on.")
    max_latency_ms: float | None = Field(
        None,
        gt=0,
        description="Greatest median time in milliseconds for an image, one at a time, on the machine that evaluates, which "
        "other work may slow down; null: not measured.",
    )
    max_size_mb: float | None = Field(None, gt=0, description="Greatest size of the exported model in MB; null: only stated.")
    max_parity_difference: float | None = Field(
        None,
        gt=0,
        description="Greatest difference of outputs between the exported model and the trained network, below what the label kind "
        "allows; null: only stated.",
    )
    rules: GateRules = Field(
        GateRules(), description="Level of each rule: must (a broken one stops the promotion), warn (it is said), off. null: must."
    )

    @model_validator(mode="after")
    def _rules_have_limits(self) -> GateSettings:
        """A rule that somebody names and that has no limit would hold nothing."""
        for rule, keys in LIMITS.items():
            if getattr(self.rules, rule) in ("must", "warn") and all(getattr(self, key) is None for key in keys):
                said, wanted = getattr(self.rules, rule), " or ".join(f"gates.{key}" for key in keys)
                raise ValueError(f"gates.rules.{rule} is {said}, but it has no limit: set {wanted}, or leave the rule out")
        return self
