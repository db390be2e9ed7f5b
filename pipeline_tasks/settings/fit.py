"""Settings of a fit: optimizer, schedule, loss, what balances classes, and what of the backbone moves."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from pipeline_tasks.json_values import Json
from pipeline_tasks.settings.section import Settings

LATER = ("accelerator", "start_from", "most_growth_ratio", "scratch_every")
"""Settings that came later: at their defaults they are in no digest, so that a training of an earlier release is resumed."""
DRAWN = ("oversampling", "undersampling")
"""Values of `balance_by` that draw images more or less often, and weight none."""


class FitSettings(Settings):
    """Settings of a fit; each default is what suits the label kind."""

    optimizer: Literal["adamw", "adam", "sgd", "rmsprop"] = Field(
        "adamw",
        description="Way of the steps; `sgd` wants a `learning_rate` about 30 times as high.",
    )
    momentum: float = Field(0.9, ge=0, lt=1, description="Momentum of `sgd` (Nesterov's) and `rmsprop`; others do not use it.")
    schedule: Literal["cosine", "constant", "linear", "step", "one_cycle"] = Field(
        "cosine",
        description="Course of the learning rate: `cosine` and `linear` fall to almost 0, `step` to a tenth after each third of "
        "the epochs, `one_cycle` rises over 30 % of the steps and falls to almost 0.",
    )
    warm_up_steps: int | None = Field(
        None, ge=0, description="Steps over which the learning rate rises first; null: 30 for kinds with places, 0 for others."
    )
    loss: Literal["cross_entropy", "focal"] = Field(
        "cross_entropy",
        description="`focal` lessens the loss of images that are easily told (`class` and `classes` alone; others have losses of "
        "their own).",
    )
    focal_gamma: float = Field(2.0, ge=0, description="How much `focal` lessens it; 0 is cross-entropy.")
    label_smoothing: float = Field(
        0.0, ge=0, lt=1, description="Share of each target that is spread over all classes (`class` and `classes` alone)."
    )
    balance_by: Literal["weights", "effective_number", "oversampling", "undersampling"] = Field(
        "weights",
        description="The way of `balance_classes`: weights in the loss by the number of images or by their effective number, or as "
        "many draws in an epoch as the largest or the smallest class has images (`class` and `classes` alone).",
    )
    effective_number_beta: float = Field(
        0.999, ge=0, lt=1, description="Of `effective_number`: 0 weights no class, near 1 weights them by the number of images."
    )
    ema: float | None = Field(
        None,
        ge=0,
        lt=1,
        description="Decay of a moving average of the weights, which is judged and kept; 0: the weights themselves; null: 0.98 for "
        "kinds with places, none for others.",
    )
    accumulate_batches: int = Field(1, ge=1, description="Batches whose gradients are put together for one step.")
    clip_gradient: float | None = Field(None, gt=0, description="Greatest norm of a step's gradient; null: any.")
    precision: Literal["float32", "bfloat16"] = Field(
        "float32", description="`bfloat16`: mixed precision, faster where the hardware has it, and slower elsewhere."
    )
    processes: int = Field(
        1,
        ge=1,
        description="Processes that share each batch of a backbone or a head over maps; the result is that of one, up to rounding.",
    )
    accelerator: Literal["cpu", "gpu", "auto"] = Field(
        "cpu",
        description="Device of a backbone, a whole network or a head over maps; `auto`: a GPU where torch sees one. There it "
        "is repeatable only up to rounding.",
    )
    freeze_until: str | None = Field(
        None,
        description="With `unfreeze_epochs` or a `network`: the first layer of the backbone that is trained, such as "
        "`features.blocks.12`; those before it stay frozen. null: all are trained.",
    )
    backbone_rate_ratio: float = Field(
        1.0,
        gt=0,
        description="With `unfreeze_epochs`: learning rate of the backbone relative to the head's. With a `network`: relative to "
        "its usual one.",
    )

    start_from: Literal["scratch", "champion", "auto"] = Field(
        "scratch",
        description="Weights that a training starts from: new ones, the champion's, or the champion's while images grow slowly. "
        "For kinds with places, and for others with `unfreeze_epochs`.",
    )
    most_growth_ratio: float = Field(
        0.5,
        gt=0,
        description="Of `auto`: with more new training images than this share of the champion's, it starts from scratch.",
    )
    scratch_every: int = Field(5, ge=2, description="Of `auto`: of so many trainings in a row, one starts from scratch.")

    @model_validator(mode="after")
    def _rules_have_an_effect(self) -> Self:
        """Refuse numbers of the rule `auto` where it does not decide."""
        for name in ("most_growth_ratio", "scratch_every"):
            found = getattr(self, name)
            if self.start_from != "auto" and found != type(self).model_fields[name].default:
                raise ValueError(f"{name}: found {found} with start_from: {self.start_from}, which does not use it; leave it out")
        return self

    @model_validator(mode="after")
    def _is_on_one_device(self) -> Self:
        """Refuse several processes for one GPU."""
        if self.accelerator == "gpu" and self.processes > 1:
            raise ValueError(f"processes: found {self.processes} with accelerator: gpu; processes share the cores of a CPU. Use 1")
        return self

    @model_validator(mode="after")
    def _rises_once(self) -> Self:
        """Refuse a warm-up before a schedule that rises itself."""
        if self.schedule == "one_cycle" and self.warm_up_steps:
            raise ValueError(f"warm_up_steps: found {self.warm_up_steps} with schedule one_cycle, which rises itself; leave it out")
        return self


def fit_fields(fit: FitSettings) -> dict[str, Json]:
    """Settings of a fit for a digest: all those of the first release that had any, and of later ones those that were changed."""
    return fit.model_dump(exclude={one for one in LATER if getattr(fit, one) == type(fit).model_fields[one].default})


USUAL = FitSettings()
"""Each label kind's own fit."""
