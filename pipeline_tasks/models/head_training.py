"""Trains a head on the frozen backbone's embeddings: of each picture plain, and of its augmented views."""

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


@dataclass(frozen=True)
class EmbeddedPictures:
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
    train: EmbeddedPictures,
    val: EmbeddedPictures,
    class_count: int,
    settings: TrainingSettings,
    *,
    seed: int,
    journal: Journal,
    folder: Path,
) -> TrainedHead:
    """Fit the head; it starts from zeros, so that only the order of the pictures is drawn (from `seed`)."""
    mean, spread = train.embeddings.mean(axis=0), train.embeddings.std(axis=0) + 1e-6
    network = nn.Linear(train.embeddings.shape[1], class_count)
    nn.init.zeros_(network.weight)
    nn.init.zeros_(network.bias)
    plan = Plan(
        phase="head",
        max_epochs=settings.max_epochs,
        patience_epochs=settings.patience_epochs,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        seed=seed,
        checkpoint_every_epochs=CHECKPOINT_EVERY_EPOCHS,
        batch_size=settings.batch_size,
        # A second thread costs more than it brings on a layer this small, most of all beside other work; and the same
        # sums on every machine.
        threads=1,
    )
    rows = _Rows(train, mean, spread)
    weights = class_weights(rows.targets, class_count, balance=settings.balance_classes)
    fitted = fit(network, rows, _Rows(val, mean, spread), weights, plan, journal, folder)
    # The scaling goes into the weights, so that the head takes embeddings as they are.
    weight = network.weight.detach().numpy() / spread
    bias = network.bias.detach().numpy() - weight @ mean
    return TrainedHead(weight.astype(np.float32), bias.astype(np.float32), fitted)


class _Rows:
    """Embeddings, scaled to a mean of 0 and a spread of 1."""

    def __init__(self, pictures: EmbeddedPictures, mean: NDArray[np.float32], spread: NDArray[np.float32]) -> None:
        self.embeddings = torch.from_numpy((pictures.embeddings - mean) / spread)
        self.targets = torch.from_numpy(pictures.targets)

    def __len__(self) -> int:
        return len(self.targets)

    def batch(self, epoch: int, numbers: list[int]) -> Batch:
        return self.embeddings[numbers], self.targets[numbers]
