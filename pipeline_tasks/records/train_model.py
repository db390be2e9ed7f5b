"""Record of the stage `train_model`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from pipeline_tasks.records.augmentation_effect import AugmentationEffect
from pipeline_tasks.records.run_origin import RunOrigin
from pipeline_tasks.records.training_start import TrainingStart


@dataclass(frozen=True)
class TrainModelSummary:
    """Location of the candidate, and figures of its training."""

    stage: ClassVar[str] = "train_model"

    skipped: str | None
    why: str = ""
    dataset_id: str | None = None
    dataset_cycle_id: str | None = None
    candidate_key: str | None = None
    candidate_sha256: str | None = None
    backbone_digest: str | None = None
    is_unfrozen: bool = False
    """True if the candidate's backbone was trained too."""
    mlflow_run_id: str | None = None
    mlflow_url: str | None = None
    wandb_mode: str | None = None
    train_images: int = 0
    val_images: int = 0
    views: int = 0
    """Augmented views of each training image, beside the plain one."""
    view_recipe: str | None = None
    """Digest of everything that the stored embeddings of these views depend on; those of other recipes are unneeded."""
    epochs: int = 0
    resumed_from_epoch: int | None = None
    """Epochs completed by an earlier, killed try; None if the training was not resumed."""
    val_score: float | None = None
    """The kind's score of the best epoch on the validation images."""
    val_loss: float | None = None
    temperature: float | None = None
    never_shown: list[str] = field(default_factory=list)
    """Names of the vocabulary without a training image, which the model never predicts."""
    effects: list[AugmentationEffect] = field(default_factory=list)
    """Effect of each augmentation alone on images; empty for kinds with places, few images, and nights of earlier releases."""
    mirror_notes: list[str] = field(default_factory=list)
    """Things gone, changed or out of reach in MLflow and W&B; empty if nothing."""
    origin: RunOrigin | None = None
    """Code, packages and machine; None in nights of earlier releases."""
    start: TrainingStart | None = None
    """Weights that it started from; None in projects whose trainings always start from scratch."""
