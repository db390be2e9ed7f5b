"""Detectors with queries, by transformers, from a local folder: all but the network itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.geometry.placement import Placement
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.map_heads.assignment import NOTHING, seen
from pipeline_tasks.kinds.map_modelling import MapTraining
from pipeline_tasks.networks.folder_network import FolderNetwork
from pipeline_tasks.networks.network import other_kind

if TYPE_CHECKING:
    from torch import nn

    from pipeline_tasks.models.whole_network import WholeNetwork
    from pipeline_tasks.networks.detector_network import DetectionObjective, LastLayer
    from pipeline_tasks.settings import TrainingSettings

LEARNING_RATE_RATIO = 1 / 30
"""Of the setting, whose default is a linear layer's: 1e-4, as the papers of DETR and RT-DETR have it."""
WEIGHT_DECAY_RATIO = 0.01


class FolderDetector(FolderNetwork):
    """Boxes by a fixed number of queries, without suppression."""

    most_boxes: ClassVar[int]
    """Boxes of an image in a target; the published networks' queries are as many."""

    @classmethod
    def check_kind(cls, kind: Kind) -> None:
        """Refuse other kinds than boxes."""
        if kind.name != "box":
            raise other_kind(cls.name, "label_kind box", kind)

    def placed(self, objects: Any, placement: Placement) -> npt.NDArray[np.float32]:
        """Boxes that a view shows: most_boxes x 5, number of the name (or NOTHING) and corners in pixels of the square."""
        cut, is_seen = seen(objects.corners, placement)
        target = np.zeros((self.most_boxes, 5), np.float32)
        target[:, 0] = NOTHING
        target[: is_seen.sum(), 0], target[: is_seen.sum(), 1:] = objects.class_numbers[is_seen], cut[is_seen]
        return target

    def training(self, settings: TrainingSettings, train: Sequence[Any], val: Sequence[Any]) -> MapTraining:
        """As long as a head's, in much smaller steps.

        Raises:
            SettingsError: an image has more boxes than the network can find.
        """
        most = max((len(one.corners) for one in (*train, *val)), default=0)
        if most > self.most_boxes:
            raise SettingsError(
                f"network.name: {self.name} finds at most {self.most_boxes} boxes an image, found one with {most}; leave the "
                "section `network` out, and a head on the backbone is trained"
            )
        how = self._modelling.training(settings, train, val)
        rate, decay = settings.learning_rate * LEARNING_RATE_RATIO, settings.weight_decay * WEIGHT_DECAY_RATIO
        return replace(how, learning_rate=rate, weight_decay=decay)

    def new(self) -> WholeNetwork:
        """The network of the folder, with new ends for the project's names."""
        return self.network(self._folder, len(self._vocabulary))

    def objective(self) -> DetectionObjective:
        """The network's own loss after Hungarian matching; average precision chooses the epoch."""
        return self.objective_of(self._folder, len(self._vocabulary))

    def final(self, network: nn.Module) -> nn.Module:
        """The network with its likeliest boxes."""
        from pipeline_tasks.networks.detector_network import FoundBoxes

        return FoundBoxes(network, len(self._vocabulary), self.last_layer()).eval()

    def objective_of(self, folder: Path, names: int) -> DetectionObjective:
        """The loss that the folder's configuration says."""
        raise NotImplementedError

    def last_layer(self) -> LastLayer:
        """Scores of the names and boxes of the last layer, of the network's numbers."""
        raise NotImplementedError
