"""Goes on from a trained head and trains the backbone too, on images that are augmented anew in each epoch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from pipeline_tasks.models.augmentation import augmented_view
from pipeline_tasks.models.fitting import Batch, Fitted, Plan, class_weights, fit
from pipeline_tasks.models.head_training import TrainedHead
from pipeline_tasks.models.journal import Journal
from pipeline_tasks.models.whole_network import WholeNetwork
from pipeline_tasks.records.cycle import derive_seed
from pipeline_tasks.settings import TrainingSettings

BATCH_SIZE = 16
"""Gradients through the backbone need memory for each image."""
LEARNING_RATE_RATIO = 0.03
"""Against the head's: a trained backbone wants small steps."""


@dataclass(frozen=True)
class Images:
    """Model-size images with their classes."""

    pixels: NDArray[np.uint8]
    """N x side x side x 3."""
    targets: NDArray[np.int64]


@dataclass(frozen=True)
class TrainedNetwork:
    """Backbone and head after live training."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    backbone_weights: dict[str, NDArray[np.generic]]
    val_logits: NDArray[np.float32]
    fitted: Fitted


def train_live(
    backbone: nn.Module,
    head: TrainedHead,
    train: Images,
    val: Images,
    settings: TrainingSettings,
    *,
    seed: int,
    journal: Journal,
    folder: Path,
) -> TrainedNetwork:
    """Train backbone and head for `settings.unfreeze_epochs`; `backbone` is changed."""
    network = WholeNetwork(backbone, head.weight, head.bias)
    plan = Plan(
        phase="live",
        max_epochs=settings.unfreeze_epochs,
        patience_epochs=settings.patience_epochs,
        learning_rate=settings.learning_rate * LEARNING_RATE_RATIO,
        weight_decay=settings.weight_decay,
        seed=seed,
        checkpoint_every_epochs=1,
        batch_size=BATCH_SIZE,
    )
    weights = class_weights(torch.from_numpy(train.targets), len(head.bias), balance=settings.balance_classes)
    fitted = fit(network, _Views(train, seed), _Views(val, None), weights, plan, journal, folder)
    with torch.no_grad():
        logits = [network(torch.from_numpy(one[np.newaxis])) for one in val.pixels]
    return TrainedNetwork(
        weight=network.head.weight.detach().numpy().copy(),
        bias=network.head.bias.detach().numpy().copy(),
        backbone_weights={name: tensor.numpy() for name, tensor in network.backbone.state_dict().items()},
        val_logits=torch.cat(logits).numpy(),
        fitted=fitted,
    )


class _Views:
    """Images as an epoch sees them: augmented by seed, number and epoch; plain without a seed."""

    def __init__(self, images: Images, seed: int | None) -> None:
        self.images, self.seed = images, seed

    def __len__(self) -> int:
        return len(self.images.targets)

    def batch(self, epoch: int, numbers: list[int]) -> Batch:
        pixels = np.stack([self._view(epoch, number) for number in numbers])
        return torch.from_numpy(pixels), torch.from_numpy(self.images.targets[numbers])

    def _view(self, epoch: int, number: int) -> NDArray[np.uint8]:
        image: NDArray[np.uint8] = self.images.pixels[number]
        if self.seed is None:
            return image
        return augmented_view(image, derive_seed(self.seed, "view", str(epoch), str(number)))
