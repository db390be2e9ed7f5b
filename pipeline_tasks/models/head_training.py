"""Trains a head on the frozen backbone's embeddings: of each image plain, and of its augmented views."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from pipeline_tasks.models.fitting import Batch, Fitted, Plan, class_weights, fit
from pipeline_tasks.models.journal import Journal
from pipeline_tasks.settings import TrainingSettings

CHECKPOINT_EVERY_EPOCHS = 5
MIN_STEPS_PER_EPOCH = 16
"""Of few images smaller batches are made: a head that takes few steps stays where it began."""
MIN_VAL_PER_CLASS = 10
"""Fewer validation images a class tell one epoch from another only by chance."""


@dataclass(frozen=True)
class EmbeddedImages:
    """Embeddings with their classes."""

    embeddings: NDArray[np.float32]
    """N x D, not normalised."""
    targets: NDArray[np.int64]
    """N, positions in the class list."""


@dataclass(frozen=True)
class TrainedHead:
    """A linear layer over embeddings as the backbone gives them."""

    weight: NDArray[np.float32]
    """C x D."""
    bias: NDArray[np.float32]
    """C."""
    fitted: Fitted

    def logits(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """Score embeddings (N x D) as N x C."""
        logits: NDArray[np.float32] = embeddings @ self.weight.T + self.bias
        return logits


def train_head(
    train: EmbeddedImages,
    val: EmbeddedImages,
    class_count: int,
    settings: TrainingSettings,
    *,
    seed: int,
    journal: Journal,
    folder: Path,
) -> TrainedHead:
    """Fit the head on `train`; `val` says how long, if it has enough images for that."""
    patience = settings.patience_epochs if can_choose(val.targets, class_count) else None
    plan = _plan(settings, "head", seed, len(train.targets), max_epochs=settings.max_epochs, patience_epochs=patience)
    return _fit_head(train, val, class_count, plan, settings, journal, folder)


def train_head_on_all(
    chosen: TrainedHead,
    train: EmbeddedImages,
    val: EmbeddedImages,
    class_count: int,
    settings: TrainingSettings,
    *,
    seed: int,
    journal: Journal,
    folder: Path,
) -> TrainedHead:
    """Fit it again as long as the `chosen` head's best epoch, also on the validation images: labels are too dear to leave out.

    Its own validation metrics mean nothing and are told to nobody.
    """
    both = EmbeddedImages(np.concatenate([train.embeddings, val.embeddings]), np.concatenate([train.targets, val.targets]))
    plan = _plan(settings, "head_on_all", seed, len(both.targets), max_epochs=chosen.fitted.best_epoch + 1, patience_epochs=None)
    silent = Journal(newest_checkpoint=journal.newest_checkpoint, keep_checkpoint=journal.keep_checkpoint)
    return _fit_head(both, val, class_count, plan, settings, silent, folder)


def can_choose(val_targets: NDArray[np.int64], class_count: int) -> bool:
    """Whether validation images (N) can tell one epoch from another: at least so many in the mean of all classes."""
    return len(val_targets) >= MIN_VAL_PER_CLASS * class_count


def _plan(settings: TrainingSettings, phase: str, seed: int, images: int, *, max_epochs: int, patience_epochs: int | None) -> Plan:
    return Plan(
        phase=phase,
        max_epochs=max_epochs,
        patience_epochs=patience_epochs,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        seed=seed,
        checkpoint_every_epochs=CHECKPOINT_EVERY_EPOCHS,
        batch_size=min(settings.batch_size, -(-images // MIN_STEPS_PER_EPOCH)),
        # A second thread costs more than it brings on a layer this small, most of all beside other work; and the same
        # sums on every machine.
        threads=1,
        schedule_epochs=settings.max_epochs,
    )


def _fit_head(
    train: EmbeddedImages,
    val: EmbeddedImages,
    class_count: int,
    plan: Plan,
    settings: TrainingSettings,
    journal: Journal,
    folder: Path,
) -> TrainedHead:
    """It starts from zeros, so that only the order of the images is drawn."""
    mean, spread = train.embeddings.mean(axis=0), train.embeddings.std(axis=0) + 1e-6
    network = nn.Linear(train.embeddings.shape[1], class_count)
    nn.init.zeros_(network.weight)
    nn.init.zeros_(network.bias)
    rows = _Rows(train, mean, spread)
    weights = class_weights(rows.targets, class_count, balance=settings.balance_classes)
    fitted = fit(network, rows, _Rows(val, mean, spread), weights, plan, journal, folder)
    # The scaling goes into the weights, so that the head takes embeddings as they are.
    weight = network.weight.detach().numpy() / spread
    bias = network.bias.detach().numpy() - weight @ mean
    return TrainedHead(weight.astype(np.float32), bias.astype(np.float32), fitted)


class _Rows:
    """Embeddings, scaled to a mean of 0 and a spread of 1."""

    def __init__(self, images: EmbeddedImages, mean: NDArray[np.float32], spread: NDArray[np.float32]) -> None:
        self.embeddings = torch.from_numpy((images.embeddings - mean) / spread)
        self.targets = torch.from_numpy(images.targets)

    def __len__(self) -> int:
        return len(self.targets)

    def batch(self, epoch: int, numbers: list[int]) -> Batch:
        return self.embeddings[numbers], self.targets[numbers]
