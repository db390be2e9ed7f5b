"""SegFormer for masks, by transformers, from a local folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from pipeline_tasks.geometry.placement import Placement
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.map_modelling import MapModelling, MapShape, MapTraining
from pipeline_tasks.kinds.modelling import Objective
from pipeline_tasks.networks.folder import check_folder, folder_digests
from pipeline_tasks.networks.network import other_kind

if TYPE_CHECKING:
    from torch import nn

    from pipeline_tasks.backbones.backbone import Backbone
    from pipeline_tasks.models.whole_network import WholeNetwork
    from pipeline_tasks.settings import TrainingSettings

VERSION = 1
"""Bump when the graph or the training changes."""
TYPES = ("segformer",)
REPOSITORY = "nvidia/mit-b0"
FINEST_STRIDE = 8
"""The mask kind places its cells at half of a finest map's stride: 4 px, as SegFormer does."""
LEARNING_RATE_RATIO = 0.15
"""Of the rate that the kind's head takes: 6e-4 by default, and a tenth of it, the paper's, for the encoder."""


class SegFormer:
    """SegFormer (Xie et al., NeurIPS 2021): masks of regions, at 4 px of the model's square."""

    name = "segformer"
    rate_ratio = 0.1

    def __init__(self, kind: Kind, folder: Path, side_px: int) -> None:
        """Open it for images of this side."""
        modelling: object = kind.modelling
        assert isinstance(modelling, MapModelling), "masks have places"
        self._modelling, self._vocabulary, self._folder, self.side_px = modelling, kind.vocabulary, folder, side_px
        cells = side_px // FINEST_STRIDE
        self._shapes = (MapShape(0, cells, cells, FINEST_STRIDE),)
        recipe = {"name": self.name, "version": VERSION, "side_px": side_px} | folder_digests(folder)
        self.digest = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()

    @staticmethod
    def check_kind(kind: Kind) -> None:
        """Refuse other kinds than regions."""
        if kind.name != "mask" or kind.options.get("regions") != "semantic":
            raise other_kind(SegFormer.name, "label_kind mask with regions: semantic", kind)

    @staticmethod
    def check_weights(weights: Path | None) -> None:
        """Refuse a folder of another network."""
        check_folder(SegFormer.name, weights, TYPES, REPOSITORY)

    @classmethod
    def open(cls, kind: Kind, weights: Path | None, backbone: Backbone, side_px: int) -> SegFormer:
        """Open the folder; the project's backbone is not used."""
        assert weights is not None, "checked"
        return cls(kind, weights, side_px)

    def placed(self, objects: Any, placement: Placement) -> npt.NDArray[Any]:
        """Covered shares of cells of 4 px."""
        return self._modelling.placed(objects, placement, self._shapes)

    def training(self, settings: TrainingSettings, train: Sequence[Any], val: Sequence[Any]) -> MapTraining:
        """As long as a head's, in smaller steps."""
        how = self._modelling.training(settings, train, val)
        return replace(how, learning_rate=how.learning_rate * LEARNING_RATE_RATIO)

    def new(self) -> WholeNetwork:
        """The network of the folder, with a new end for the project's names; a folder of the encoder alone gets a new decoder."""
        from pipeline_tasks.networks.segformer_network import segformer

        return segformer(self._folder, 1 + len(self._vocabulary))

    def objective(self) -> Objective:
        """Cross-entropy and dice; mean IoU chooses the epoch."""
        return self._modelling.objective(self._shapes)

    def final(self, network: nn.Module) -> nn.Module:
        """The network with its softmax."""
        from pipeline_tasks.networks.unet_network import Shares

        return Shares(network).eval()
