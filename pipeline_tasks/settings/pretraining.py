"""Settings of the self-supervised pretraining of the backbone."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic.functional_validators import AfterValidator

from pipeline_tasks.registries import BACKBONES
from pipeline_tasks.settings.augmentation import AugmentationSettings, check_augmentation
from pipeline_tasks.settings.section import Settings

Method = Literal["simclr", "dino", "distillation"]


class TeacherSettings(Settings):
    """The backbone that `distillation` learns from; it sees images of `backbone.side_px`."""

    name: Annotated[str, AfterValidator(BACKBONES.check)] = Field(
        description="A backbone that ships with Nightlens, or `module:class` of your own."
    )
    weights: str | None = Field(
        None,
        description="Folder or file of weights, for a backbone that takes them; a relative one lies in NIGHTLENS_HOME.",
    )


class PretrainingSettings(Settings):
    """Settings of `pretrain_backbone`, which teaches the backbone the project's own images without their labels."""

    method: Method = Field(
        "simclr",
        description="simclr: views of one image are alike; dino: learn from a slow copy of itself; distillation: from `teacher`.",
    )
    epochs: int = Field(20, ge=1)
    batch_size: int = Field(32, ge=2, description="Images a step; `simclr` sets each view against all others of its batch.")
    images: int = Field(2000, ge=2, description="Most images to train on; of more, so many are drawn by the seed.")
    learning_rate: float = Field(3e-4, gt=0)
    weight_decay: float = Field(1e-4, ge=0)
    views: dict[str, AugmentationSettings] | None = Field(
        None,
        description="Augmentation → strength and probability of the views. null: `training.augmentation`, or its default, with "
        "each strength half way to the greatest.",
    )
    teacher: TeacherSettings | None = Field(None, description="For `distillation`: the backbone to learn from.")
    probe_images: int = Field(
        300,
        ge=0,
        description="Labelled training images that are kept from the pretraining, to compare the backbones on: at most half.",
    )

    @field_validator("views")
    @classmethod
    def _augmentations_are_known(cls, entries: dict[str, AugmentationSettings] | None) -> dict[str, AugmentationSettings] | None:
        """Refuse a misspelled augmentation when the file is read."""
        check_augmentation(entries or {})
        return entries

    @model_validator(mode="after")
    def _teacher_fits(self) -> Self:
        """Refuse a distillation from nobody, and a teacher that teaches nothing."""
        if self.method == "distillation" and self.teacher is None:
            raise ValueError(
                "teacher: method distillation learns from another backbone; name it, as in `teacher: {name: resnet50, …}`"
            )
        if self.method != "distillation" and self.teacher is not None:
            raise ValueError(f"teacher: found {self.teacher.name} with method {self.method}, which has no teacher; leave it out")
        return self
