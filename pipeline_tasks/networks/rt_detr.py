"""RT-DETR for boxes, by transformers, from a local folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.geometry.placement import Placement
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.map_heads.assignment import NOTHING, seen
from pipeline_tasks.kinds.map_modelling import MapModelling, MapTraining
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
TYPES = ("rt_detr", "rt_detr_v2")
REPOSITORY = "PekingU/rtdetr_r18vd"
LEARNING_RATE_RATIO = 1 / 30
"""Of the setting, whose default is a linear layer's: 1e-4, the paper's."""
WEIGHT_DECAY_RATIO = 0.01
MOST_BOXES = 300
"""Boxes of an image in a target; the networks' queries are as many."""


class RtDetr:
    """RT-DETR and RT-DETRv2 (Zhao et al., CVPR 2024): boxes by a fixed number of queries, without suppression."""

    name = "rt_detr"
    rate_ratio = 0.1

    def __init__(self, kind: Kind, folder: Path, side_px: int) -> None:
        """Open it for images of this side."""
        modelling: object = kind.modelling
        assert isinstance(modelling, MapModelling), "boxes have places"
        self._modelling, self._vocabulary, self._folder, self.side_px = modelling, kind.vocabulary, folder, side_px
        recipe = {"name": self.name, "version": VERSION, "side_px": side_px} | folder_digests(folder)
        self.digest = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()

    @staticmethod
    def check_kind(kind: Kind) -> None:
        """Refuse other kinds than boxes."""
        if kind.name != "box":
            raise other_kind(RtDetr.name, "label_kind box", kind)

    @staticmethod
    def check_weights(weights: Path | None) -> None:
        """Refuse a folder of another network."""
        check_folder(RtDetr.name, weights, TYPES, REPOSITORY)

    @classmethod
    def open(cls, kind: Kind, weights: Path | None, backbone: Backbone, side_px: int) -> RtDetr:
        """Open the folder; the project's backbone is not used."""
        assert weights is not None, "checked"
        return cls(kind, weights, side_px)

    def placed(self, objects: Any, placement: Placement) -> npt.NDArray[np.float32]:
        """Boxes that a view shows: MOST_BOXES x 5, number of the name (or NOTHING) and corners in pixels of the square."""
        cut, is_seen = seen(objects.corners, placement)
        target = np.zeros((MOST_BOXES, 5), np.float32)
        target[:, 0] = NOTHING
        target[: is_seen.sum(), 0], target[: is_seen.sum(), 1:] = objects.class_numbers[is_seen], cut[is_seen]
        return target

    def training(self, settings: TrainingSettings, train: Sequence[Any], val: Sequence[Any]) -> MapTraining:
        """As long as a head's, in much smaller steps.

        Raises:
            SettingsError: an image has more boxes than the network can find.
        """
        most = max((len(one.corners) for one in (*train, *val)), default=0)
        if most > MOST_BOXES:
            raise SettingsError(
                f"network.name: {self.name} finds at most {MOST_BOXES} boxes an image, found one with {most}; leave the section "
                "`network` out, and a head on the backbone is trained"
            )
        how = self._modelling.training(settings, train, val)
        rate, decay = settings.learning_rate * LEARNING_RATE_RATIO, settings.weight_decay * WEIGHT_DECAY_RATIO
        return replace(how, learning_rate=rate, weight_decay=decay)

    def new(self) -> WholeNetwork:
        """The network of the folder, with new ends for the project's names."""
        from pipeline_tasks.networks.rt_detr_network import rt_detr

        return rt_detr(self._folder, len(self._vocabulary))

    def objective(self) -> Objective:
        """The network's own loss after Hungarian matching; average precision chooses the epoch."""
        from pipeline_tasks.networks.rt_detr_network import objective_of

        return objective_of(self._folder, len(self._vocabulary), self.side_px)

    def final(self, network: nn.Module) -> nn.Module:
        """The network with its likeliest boxes."""
        from pipeline_tasks.networks.rt_detr_network import FoundBoxes

        return FoundBoxes(network, len(self._vocabulary)).eval()
