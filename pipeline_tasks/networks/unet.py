"""U-Net for masks, whose encoder is the project's backbone."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.geometry.placement import Placement
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.map_modelling import MapModelling, MapShape, MapTraining
from pipeline_tasks.kinds.modelling import Objective
from pipeline_tasks.networks.network import other_kind

if TYPE_CHECKING:
    from torch import nn

    from pipeline_tasks.backbones.backbone import Backbone
    from pipeline_tasks.models.whole_network import WholeNetwork
    from pipeline_tasks.settings import TrainingSettings

VERSION = 1
"""Bump when the architecture changes."""
FINEST_STRIDE = 4
"""The mask kind places its cells at half of a finest map's stride: 2 px."""
LEARNING_RATE_RATIO = 0.25
"""Of the rate that the kind's head takes: 1e-3 by default."""


class UNet:
    """U-Net (Ronneberger et al., MICCAI 2015): masks of regions, at 2 px of the model's square."""

    name = "unet"
    rate_ratio = 0.1

    def __init__(self, kind: Kind, backbone: Backbone, side_px: int) -> None:
        """Open it for images of this side.

        Raises:
            SettingsError: the backbone has no feature maps.
        """
        modelling: object = kind.modelling
        assert isinstance(modelling, MapModelling), "masks have places"
        self._modelling, self._vocabulary = modelling, kind.vocabulary
        self._trunk, self.side_px = backbone.trunk(side_px), side_px
        cells = side_px // FINEST_STRIDE
        self._shapes = (MapShape(0, cells, cells, FINEST_STRIDE),)
        self.digest = hashlib.sha256(f"{self.name} {VERSION} on {self._trunk.digest}".encode()).hexdigest()

    @staticmethod
    def check_kind(kind: Kind) -> None:
        """Refuse other kinds than regions."""
        if kind.name != "mask" or kind.options.get("regions") != "semantic":
            raise other_kind(UNet.name, "label_kind mask with regions: semantic", kind)

    @staticmethod
    def check_weights(weights: Path | None) -> None:
        """Refuse weights: its encoder has those of the backbone."""
        if weights is not None:
            raise SettingsError(
                f"network.weights: {UNet.name} starts from the weights of the backbone, found {weights}; leave network.weights "
                "out, and name weights in backbone.weights"
            )

    @classmethod
    def open(cls, kind: Kind, weights: Path | None, backbone: Backbone, side_px: int) -> UNet:
        """Open it on the project's backbone."""
        return cls(kind, backbone, side_px)

    def placed(self, objects: Any, placement: Placement) -> npt.NDArray[Any]:
        """Covered shares of cells of 2 px."""
        return self._modelling.placed(objects, placement, self._shapes)

    def training(self, settings: TrainingSettings, train: Sequence[Any], val: Sequence[Any]) -> MapTraining:
        """As long as a head's, in smaller steps."""
        how = self._modelling.training(settings, train, val)
        return replace(how, learning_rate=how.learning_rate * LEARNING_RATE_RATIO)

    def new(self) -> WholeNetwork:
        """The backbone with its weights, and a decoder with drawn ones."""
        from pipeline_tasks.networks.unet_network import unet

        return unet(self._trunk.load_network(), self._trunk.shapes, self.side_px, 1 + len(self._vocabulary))

    def objective(self) -> Objective:
        """Cross-entropy and dice; mean IoU chooses the epoch."""
        return self._modelling.objective(self._shapes)

    def final(self, network: nn.Module) -> nn.Module:
        """The network with its softmax."""
        from pipeline_tasks.networks.unet_network import Shares

        return Shares(network).eval()
