"""Live training: continues from a trained head and also trains the backbone, on images augmented anew in each epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from pipeline_tasks.augmentations.mixing import Partners, drawn_mix, mixed_image
from pipeline_tasks.augmentations.policy import Policy
from pipeline_tasks.kinds.modelling import Arrays, Contracting, Modelling, Sharing
from pipeline_tasks.models.embedding_scale import embedding_scale
from pipeline_tasks.models.examples import Batch
from pipeline_tasks.models.fitting import Fitted, fit
from pipeline_tasks.models.freezing import frozen_until
from pipeline_tasks.models.head_training import TrainedHead
from pipeline_tasks.models.journal import Journal
from pipeline_tasks.models.plan import Plan, drawn_groups
from pipeline_tasks.models.warm_start import OfOld, Start, metrics_on, start_backbone, start_head
from pipeline_tasks.models.whole_network import WholeNetwork
from pipeline_tasks.records.cycle import derive_seed
from pipeline_tasks.settings import TrainingSettings

BATCH_SIZE = 16
"""Small batches, because gradients through the backbone need memory for each image."""
LEARNING_RATE_RATIO = 0.03
"""Backbone's learning rate relative to the head's; a pretrained backbone needs small steps."""


@dataclass(frozen=True)
class Images:
    """Model-size images with their targets."""

    pixels: NDArray[np.uint8]
    """N x side x side x 3."""
    targets: NDArray[Any]
    groups: NDArray[np.int64] | None = None
    """N numbers of split groups; None if each image is a group of its own."""


@dataclass(frozen=True)
class TrainedNetwork:
    """Backbone and head after live training."""

    arrays: Arrays
    backbone_weights: dict[str, NDArray[np.generic]]
    val_outputs: NDArray[Any]
    fitted: Fitted


def train_live(
    backbone: nn.Module,
    head: TrainedHead,
    train: Images,
    val: Images,
    modelling: Modelling,
    settings: TrainingSettings,
    policy: Policy,
    *,
    seed: int,
    journal: Journal,
    folder: Path,
    start: Start | None = None,
    names: Sequence[str] = (),
) -> TrainedNetwork:
    """Train backbone and head for `settings.unfreeze_epochs`; `backbone` is changed.

    With `start` they begin with a champion's weights instead of `backbone` and `head`; `names` are the head's.
    """
    network = WholeNetwork(backbone, modelling.head_of(head.linear))
    if start is not None:
        network = _started(backbone, modelling, start, names)
    plan = Plan(
        phase="live",
        max_epochs=settings.unfreeze_epochs,
        patience_epochs=settings.patience_epochs,
        learning_rate=settings.learning_rate * LEARNING_RATE_RATIO,
        weight_decay=settings.weight_decay,
        seed=seed,
        checkpoint_every_epochs=1,
        batch_size=BATCH_SIZE,
        groups=drawn_groups(modelling, settings.fit, train.targets),
        fit=settings.fit,
    )
    objective, judged = modelling.objective(train.targets, settings), _Views(val, None)
    old = () if start is None else start.old
    before = metrics_on(network, judged, old, objective)
    with frozen_until(backbone, settings.fit.freeze_until):
        fitted = fit(network, _Views(train, seed, policy, modelling), judged, objective, plan, journal, folder)
    arrays = modelling.head_arrays(network.head)
    if isinstance(modelling, Contracting):
        # The backbone has moved the embeddings, and with them their mean and the distance at which training images lie.
        arrays = modelling.within_reach(arrays, embedding_scale(_embedded(network.backbone, train), len(train.targets)))
    return TrainedNetwork(
        arrays=arrays,
        backbone_weights={name: tensor.numpy() for name, tensor in network.backbone.state_dict().items()},
        val_outputs=modelling.outputs(arrays, _embedded(network.backbone, val)),
        fitted=replace(fitted, of_old=OfOld(before, metrics_on(network, judged, old, objective), len(old))),
    )


def _started(backbone: nn.Module, modelling: Modelling, start: Start, names: Sequence[str]) -> WholeNetwork:
    """The network with the weights to start from."""
    start_backbone(backbone, start)
    head = modelling.new_head(start.head["weight"].shape[1])
    start_head(head, start, names)
    return WholeNetwork(backbone, head)


def _embedded(backbone: nn.Module, images: Images) -> NDArray[np.float32]:
    """Embeddings of plain images, one at a time, as the exported file computes them."""
    with torch.no_grad():
        embeddings = torch.cat([backbone(torch.from_numpy(one[np.newaxis])) for one in images.pixels])
    return np.asarray(embeddings.numpy(), np.float32)


class _Views:
    """Images of an epoch: augmented by seed, number and epoch; plain without a seed."""

    def __init__(self, images: Images, seed: int | None, policy: Policy | None = None, modelling: Modelling | None = None) -> None:
        self.images, self.seed, self.policy = images, seed, policy
        is_mixed = policy is not None and policy.mixes.steps
        self.sharing = modelling if is_mixed and isinstance(modelling, Sharing) else None
        self.partners = Partners(np.arange(len(self)) if images.groups is None else images.groups)

    def __len__(self) -> int:
        return len(self.images.targets)

    def batch(self, epoch: int, numbers: list[int]) -> Batch:
        """Views (N x side x side x 3, uint8) and targets of these images in this epoch."""
        targets = self.images.targets[numbers]
        if self.sharing is None:
            pixels = np.stack([self._view(epoch, number) for number in numbers])
            return torch.from_numpy(pixels), torch.from_numpy(targets)
        views, others, shares = zip(*(self._mixed_view(epoch, number) for number in numbers), strict=True)
        shared = self.sharing.shared_targets(targets, self.images.targets[list(others)], np.array(shares))
        return torch.from_numpy(np.stack(views)), torch.from_numpy(shared)

    def _view(self, epoch: int, number: int) -> NDArray[np.uint8]:
        image: NDArray[np.uint8] = self.images.pixels[number]
        if self.seed is None or self.policy is None:
            return image
        return self.policy.view(image, derive_seed(self.seed, "view", str(epoch), str(number)))

    def _mixed_view(self, epoch: int, number: int) -> tuple[NDArray[np.uint8], int, float]:
        """A view, the number of the image mixed into it, and that one's share; the image itself and 0 if none is."""
        view = self._view(epoch, number)
        assert self.policy is not None, "views are mixed by a policy"
        assert self.seed is not None, "views are mixed by a seed"
        drawn = drawn_mix(self.policy, number, self.partners, derive_seed(self.seed, "mix", str(epoch), str(number)))
        if drawn is None:
            return view, number, 0.0
        (other,) = drawn.others
        seed = derive_seed(self.seed, "other", str(epoch), str(number))
        mixed, share = mixed_image(view, self.policy.view(self.images.pixels[other], seed), drawn.cut)
        return mixed, other, share
