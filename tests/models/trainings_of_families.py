"""Trainings of each family of backbones on a few tinted images, with random weights as small as the family allows."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from backbones.given_families import GIVEN, SIBLINGS
from given_models import SIDE_PX
from models.trainings_of_kinds import Given, Result
from torch import nn

from pipeline_tasks.augmentations.policy import FOR_WHOLE_IMAGES, policy_of
from pipeline_tasks.backbones.named_weights import NamedWeights
from pipeline_tasks.kinds.classes.modelling import ClassModelling
from pipeline_tasks.models.head_training import EmbeddedImages, HeadTraining, train_head
from pipeline_tasks.models.journal import Journal
from pipeline_tasks.models.live_training import Images, train_live
from pipeline_tasks.registries import BACKBONES
from pipeline_tasks.settings import TrainingSettings
from pipeline_tasks.settings.fit import FitSettings

OF_TRANSFORMERS = ("resnet18", "resnet34", "resnet50", "convnext_tiny", "vit_small", "dinov2_small", "transformers")
"""Families by the package `transformers`, which is optional."""
FAMILIES = sorted(set(BACKBONES.names) - set(SIBLINGS) - set(() if find_spec("transformers") else OF_TRANSFORMERS))
MODELLING = ClassModelling(("a", "b"))


def network_in(folder: Path, name: str) -> nn.Module:
    """The family's network with weights that are written into the folder, the same each time."""
    with pytest.MonkeyPatch.context() as patch:
        weights = GIVEN[name](folder, patch)
        opener = BACKBONES.load(name)
        # Opening it would export the network, which takes seconds and which a training does not need.
        closed = opener.__new__(opener)
        closed.side_px = SIDE_PX
        if isinstance(closed, NamedWeights):
            closed.weights = closed.checked(weights)
        network: nn.Module = closed.load_network()
        return network


def tinted(count: int) -> Images:
    """Noise, of which every second image is reddish."""
    pixels, targets = np.random.default_rng(count).integers(0, 160, (count, SIDE_PX, SIDE_PX, 3)), np.arange(count) % 2
    pixels[targets == 1, ..., 0] += 90
    return Images(pixels.astype(np.uint8), targets.astype(np.int64))


def embedded(network: nn.Module, images: Images) -> EmbeddedImages:
    """Embeddings of these images."""
    with torch.no_grad():
        return EmbeddedImages(network(torch.from_numpy(images.pixels)).numpy(), images.targets)


def of_network(name: str) -> Given:
    """The training of a head for an epoch, then of the whole network for two."""

    def trained(journal: Journal, folder: Path, fit: FitSettings) -> Result:
        torch.set_num_threads(1)
        settings = TrainingSettings(max_epochs=1, unfreeze_epochs=2, learning_rate=0.03, fit=fit)
        network, train, val = network_in(folder, name), tinted(8), tinted(4)
        how = HeadTraining(MODELLING, settings, 3, Journal(), folder)
        head = train_head(embedded(network, train), embedded(network, val), how)
        policy = policy_of(None, FOR_WHOLE_IMAGES)
        live = train_live(network, head, train, val, MODELLING, settings, policy, seed=3, journal=journal, folder=folder)
        return Result({**live.arrays, **live.backbone_weights}, live.fitted.best, live.fitted.resumed_from_epoch)

    return Given("live", trained)


TRAININGS = {name: of_network(name) for name in FAMILIES}
"""Name of a family → the training."""
