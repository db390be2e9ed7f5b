"""Settings of the training."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

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
