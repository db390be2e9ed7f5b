"""Complete training: the head on the frozen backbone, then optionally the backbone too; the better result is kept.

A kept head is fitted once more including the validation images, with the known number of epochs and temperature.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import nn

from pipeline_tasks.augmentations.policy import Policy
from pipeline_tasks.kinds.modelling import Arrays, Modelling
from pipeline_tasks.models.best_epoch import is_better
from pipeline_tasks.models.calibration import held_out_temperature
from pipeline_tasks.models.fitting import Fitted
from pipeline_tasks.models.head_training import (
    EmbeddedImages,
    HeadTraining,
    TrainedHead,
    group_numbers,
    train_head,
    train_head_on_all,
)
from pipeline_tasks.models.journal import Journal, Metrics
from pipeline_tasks.models.live_training import Images, TrainedNetwork, train_live
from pipeline_tasks.models.proven_better import is_proven_better
from pipeline_tasks.models.warm_start import OfOld, Start
from pipeline_tasks.settings import TrainingSettings


@dataclass(frozen=True)
class Material:
    """Training and validation data."""

    train: EmbeddedImages
    """Plain images and their views."""
    val: EmbeddedImages
    train_images: Images | None = None
    """Only if the backbone is unfrozen."""
    val_images: Images | None = None


@dataclass(frozen=True)
class Outcome:
    """Result of a training."""

    head: Arrays
    temperature: float
    best: Metrics
    """Metrics of the best epoch, on validation images not yet used for training."""
    epochs: int
    """Metrics of all phases, including those of an earlier try."""
    resumed_from_epoch: int | None
    never_shown: tuple[str, ...] = ()
    """Names of the vocabulary without a training image, which the head never predicts."""
    backbone_weights: dict[str, NDArray[np.generic]] = field(default_factory=dict)
    """Empty if the backbone stayed frozen."""
    history: dict[str, list[Metrics]] = field(default_factory=dict)
    """Phase → metrics by epoch, including those of an earlier try."""
    of_old: OfOld | None = None
    """Metrics on images of the version before; None if what is kept started from scratch."""


def train(
    material: Material,
    modelling: Modelling,
    settings: TrainingSettings,
    policy: Policy,
    *,
    seed: int,
    journal: Journal,
    folder: Path,
    load_network: Callable[[], nn.Module],
    start: Start | None = None,
    names: Sequence[str] = (),
) -> Outcome:
    """Train a candidate; `load_network` opens the backbone, and is called only if `settings` unfreeze it.

    `policy` draws the views that a backbone is trained on; with `start` it begins with a champion's weights, of a head for `names`.
    """
    how = HeadTraining(modelling, settings, seed, journal, folder)
    head = train_head(material.train, material.val, how)
    history = {"head": head.fitted.history}

    def frozen_outcome(resumed_from_epoch: int | None, epochs: int) -> Outcome:
        on_all = train_head_on_all(head, material.train, material.val, how)
        temperature = held_out_temperature(head, material.train, material.val, how)
        targets = np.concatenate([material.train.targets, material.val.targets])
        arrays, missing = modelling.without_never_shown(on_all.arrays, targets), modelling.never_shown(targets)
        return Outcome(arrays, temperature, head.fitted.best, epochs, resumed_from_epoch, missing, history=history)

    if settings.unfreeze_epochs == 0:
        return frozen_outcome(head.fitted.resumed_from_epoch, len(head.fitted.history))
    assert material.train_images is not None, "unfreezing wants the images themselves"
    assert material.val_images is not None, "unfreezing wants the images themselves"
    live = train_live(
        load_network(),
        head,
        material.train_images,
        material.val_images,
        modelling,
        settings,
        policy,
        seed=seed,
        journal=journal,
        folder=folder,
        start=start,
        names=names,
    )
    history["live"] = live.fitted.history
    epochs, resumed = len(head.fitted.history) + len(live.fitted.history), _resumed(head.fitted, live.fitted)
    if not _is_worth_keeping(live, head, material, modelling, settings, is_started=start is not None):
        return frozen_outcome(resumed, epochs)
    targets = material.train.targets
    return Outcome(
        head=modelling.without_never_shown(live.arrays, targets),
        temperature=modelling.temperature(live.val_outputs, material.val.targets),
        best=live.fitted.best,
        epochs=epochs,
        resumed_from_epoch=resumed,
        never_shown=modelling.never_shown(targets),
        backbone_weights=live.backbone_weights,
        history=history,
        of_old=None if start is None else live.fitted.of_old,
    )


def _is_worth_keeping(
    live: TrainedNetwork,
    head: TrainedHead,
    material: Material,
    modelling: Modelling,
    settings: TrainingSettings,
    *,
    is_started: bool,
) -> bool:
    """Return True if the trained backbone is proven better than the frozen one; one that a champion began was proven before."""
    if is_started:
        return not is_better(head.fitted.best, live.fitted.best)
    val = material.val
    return is_proven_better(
        modelling.objective(material.train.targets, settings),
        modelling.outputs(head.arrays, val.embeddings),
        live.val_outputs,
        val.targets,
        group_numbers(val),
    )


def _resumed(head: Fitted, live: Fitted) -> int | None:
    """Epochs of both phases that an earlier try completed."""
    if live.resumed_from_epoch is not None:
        return len(head.history) + live.resumed_from_epoch
    return head.resumed_from_epoch
