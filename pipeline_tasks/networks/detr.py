"""DETR for boxes, by transformers, from a local folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_tasks.backbones.transformers_backbone import CONFIGURATION
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.networks.folder import KEY
from pipeline_tasks.networks.folder_detector import FolderDetector

if TYPE_CHECKING:
    from pipeline_tasks.models.whole_network import WholeNetwork
    from pipeline_tasks.networks.detector_network import DetectionObjective, LastLayer


class Detr(FolderDetector):
    """DETR (Carion et al., ECCV 2020): the first of its kind, one map at 32 px, and slow to learn."""

    name = "detr"
    version = 1
    types = ("detr",)
    repository = "facebook/detr-resnet-50 --revision no_timm"
    most_boxes = 100

    @classmethod
    def check_weights(cls, weights: Path | None) -> None:
        """Refuse a folder of another network, and one whose backbone is of the package timm."""
        super().check_weights(weights)
        assert weights is not None, "checked"
        backbone = json.loads((weights / CONFIGURATION).read_text()).get("backbone_config")
        if not isinstance(backbone, dict) or backbone.get("model_type") == "timm_backbone":
            raise SettingsError(
                f"{KEY}: detr wants a backbone of transformers itself, found one of the package timm in {weights}; the same "
                f"network without it: hf download {cls.repository} --local-dir FOLDER"
            )

    def network(self, folder: Path, names: int) -> WholeNetwork:
        """The network of a folder for so many names."""
        from pipeline_tasks.networks.detr_network import detr

        return detr(folder, names)

    def objective_of(self, folder: Path, names: int) -> DetectionObjective:
        """The loss that the folder's configuration says."""
        from pipeline_tasks.networks.detr_network import objective_of

        return objective_of(folder, names, self.side_px)

    def last_layer(self) -> LastLayer:
        """Scores and boxes of the last layer."""
        from pipeline_tasks.networks.detr_network import softmax_scores

        return softmax_scores
