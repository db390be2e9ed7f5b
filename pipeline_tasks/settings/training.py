"""Settings of the training."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from pipeline_tasks.settings.augmentation import AugmentationSettings, check_augmentation
from pipeline_tasks.settings.fit import DRAWN, USUAL, FitSettings
from pipeline_tasks.settings.section import Ratio, Settings


class TrainingSettings(Settings):
    """Settings of the training."""

    min_new_labels: int = Field(
        1, ge=0, description="Minimum number of new labels since the last version; with fewer, nothing is trained."
    )
    max_epochs: int = Field(60, ge=1)
    patience_epochs: int = Field(
        10, ge=1, description="Epochs without improvement after which training stops (`class` and `classes` alone)."
    )
    batch_size: int = Field(128, ge=1, description="Images a step (`class` and `classes` alone).")
    learning_rate: float = Field(3e-3, gt=0)
    weight_decay: float = Field(1e-2, ge=0)
    augmented_views: int = Field(3, ge=0, description="Augmented views per training image.")
    augmentation: dict[str, AugmentationSettings] | None = Field(
        None,
        description="Augmentation → strength and probability: the changes that views are drawn with. null: mild ones "
        "that suit the label kind. One of your own is `module:function`.",
    )
    balance_classes: bool = True
    max_synthetic_ratio: Ratio = Field(
        0.5, description="Maximum share of training images that are rendered or generated; more are left out of the version."
    )
    doubted_labels: Literal["keep", "leave_out"] = Field(
        "keep",
        description="Labels that `find_label_errors` doubts and that nobody has looked at again: trained on, or left out of the "
        "version's training images, except for rare names.",
    )
    unfreeze_epochs: int = Field(
        0, ge=0, description="Epochs that also train the backbone (`class` and `classes` alone); slow without a GPU."
    )
    fit: FitSettings = USUAL

    @property
    def weights_classes(self) -> bool:
        """True if the loss weights the classes; False if nothing or the draws balance them."""
        return self.balance_classes and self.fit.balance_by not in DRAWN

    @field_validator("augmentation")
    @classmethod
    def _augmentations_are_known(cls, entries: dict[str, AugmentationSettings] | None) -> dict[str, AugmentationSettings] | None:
        """Refuse a misspelled augmentation when the file is read."""
        check_augmentation(entries or {})
        return entries

    @model_validator(mode="after")
    def _fit_has_an_effect(self) -> Self:
        """Refuse settings of the fit that others make idle."""
        if not self.balance_classes and self.fit.balance_by != "weights":
            raise ValueError(
                f"fit.balance_by: found {self.fit.balance_by} with balance_classes: false, so nothing is balanced; "
                "set it to true, or leave balance_by out"
            )
        return self
