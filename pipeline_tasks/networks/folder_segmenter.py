"""Networks for regions, by transformers, from a local folder: all but the network itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy.typing as npt

from pipeline_tasks.geometry.placement import Placement
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.map_modelling import MapShape, MapTraining
from pipeline_tasks.kinds.modelling import Objective
from pipeline_tasks.networks.folder_network import FolderNetwork
from pipeline_tasks.networks.network import other_kind

if TYPE_CHECKING:
    from torch import nn

    from pipeline_tasks.models.whole_network import WholeNetwork
    from pipeline_tasks.settings import TrainingSettings

FINEST_STRIDE = 8
"""The mask kind places its cells at half of a finest map's stride: 4 px."""


class FolderSegmenter(FolderNetwork):
    """Masks of regions, at 4 px of the model's square."""

    learning_rate_ratio: ClassVar[float]
    """Of the rate that the kind's head takes."""

    def __init__(self, kind: Kind, folder: Path, side_px: int) -> None:
        """Open it for images of this side."""
        super().__init__(kind, folder, side_px)
        cells = side_px // FINEST_STRIDE
        self._shapes = (MapShape(0, cells, cells, FINEST_STRIDE),)

    @classmethod
    def check_kind(cls, kind: Kind) -> None:
        """Refuse other kinds than regions."""
        if kind.name != "mask" or kind.options.get("regions") != "semantic":
            raise other_kind(cls.name, "label_kind mask with regions: semantic", kind)

    def placed(self, objects: Any, placement: Placement) -> npt.NDArray[Any]:
        """Covered shares of cells of 4 px."""
        return self._modelling.placed(objects, placement, self._shapes)

    def training(self, settings: TrainingSettings, train: Sequence[Any], val: Sequence[Any]) -> MapTraining:
        """As long as a head's, in smaller steps."""
        how = self._modelling.training(settings, train, val)
        return replace(how, learning_rate=how.learning_rate * self.learning_rate_ratio)

    def new(self) -> WholeNetwork:
        """The network of the folder, with a new end for the project's names and nothing."""
        return self.network(self._folder, 1 + len(self._vocabulary))

    def objective(self) -> Objective:
        """Cross-entropy and dice; mean IoU chooses the epoch."""
        return self._modelling.objective(self._shapes)

    def final(self, network: nn.Module) -> nn.Module:
        """The network with its softmax."""
        from pipeline_tasks.networks.unet_network import Shares

        return Shares(network).eval()
