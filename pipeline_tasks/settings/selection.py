"""Settings of the selection of images for people."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from pipeline_tasks.registries import STRATEGIES
from pipeline_tasks.settings.section import Ratio, Settings


class SelectionSettings(Settings):
    """Images selected for labeling."""

    budget: int = Field(ge=0, description="Images to label in each cycle.")
    budget_hours: float | None = Field(
        None,
        gt=0,
        description="Hours of annotators in each cycle: `budget` is lowered to the images that they pay for, by the time of all "
        "answers so far; null: `budget` alone.",
    )
    budget_money: float | None = Field(
        None, gt=0, description="The same in the currency of labeling.cost_per_hour, which must be set; null: `budget` alone."
    )
    objectives: str | dict[str, float] = Field("auto", description="A strategy, several with weights, or `module:function`.")
    min_distance: float = Field(0.0, ge=0, le=2, description="Minimum distance of an image to other picks and to labelled images.")
    control_ratio: Ratio = Field(0.1, description="Share of the budget drawn at random: the control arm.")
    first_round_control_ratio: Ratio = Field(0.4, description="The same for the first round, which starts the test split.")
    control_test_ratio: Ratio = Field(1.0, description="Share of the control arm that goes to the test split.")
    val_ratio: Ratio = Field(0.15, description="Share of the other images that goes to the validation split.")
    clips: Literal["frames", "whole"] = Field(
        "frames", description="`frames`: images of a clip are selected one by one; `whole`: all of a clip, or none of it."
    )
    max_per_clip: int | None = Field(None, ge=1, description="Maximum number of images of one clip in a selection.")
    min_clip_gap_s: float = Field(0.0, ge=0, description="Minimum time between selected images of one clip.")
    similar_to: tuple[str, ...] = Field((), description="For `similar_to`: ids of images to select more of.")
    away_from: tuple[str, ...] = Field((), description="For `away_from`: ids of images to select fewer of.")
    class_targets: dict[str, float] = Field(
        {}, description="For `class_target`: class → wanted share; shares need not add up to 1."
    )
    metadata_targets: dict[str, dict[str, float]] = Field(
        {}, description="For `metadata_balance`: device, clip, site or day → value → wanted share; {}: all values alike."
    )
    metadata_weights: dict[str, dict[str, float]] = Field({}, description="For `metadata_weight`: key → value → weight, default 1.")
    requirements: dict[str, dict[str, int]] = Field(
        {}, description="For `requirements`: class, device, site … → value → minimum number of labels."
    )

    @field_validator("objectives")
    @classmethod
    def _strategies_are_known(cls, objectives: str | dict[str, float]) -> str | dict[str, float]:
        """Refuse a misspelled strategy when the file is read, before the first night."""
        for name in [objectives] if isinstance(objectives, str) else objectives:
            STRATEGIES.check(name)
        return objectives

    @model_validator(mode="after")
    def _whole_clips_have_no_limits(self) -> SelectionSettings:
        """Refuse limits that would take part of a clip."""
        limits = {
            "max_per_clip": self.max_per_clip is not None,
            "min_clip_gap_s": self.min_clip_gap_s > 0,
            "min_distance": self.min_distance > 0,
        }
        set_ones = [name for name, is_set in limits.items() if is_set]
        if self.clips == "whole" and set_ones:
            raise ValueError(f"clips: whole takes all images of a clip: leave out {', '.join(set_ones)}, or set clips to frames")
        return self
