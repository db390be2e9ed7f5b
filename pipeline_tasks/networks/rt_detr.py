"""RT-DETR for boxes, by transformers, from a local folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_tasks.networks.folder_detector import FolderDetector

if TYPE_CHECKING:
    from pipeline_tasks.models.whole_network import WholeNetwork
    from pipeline_tasks.networks.detector_network import DetectionObjective, LastLayer


class RtDetr(FolderDetector):
    """RT-DETR and RT-DETRv2 (Zhao et al., CVPR 2024): boxes by a fixed number of queries, without suppression."""

    name = "rt_detr"
    version = 1
    types = ("rt_detr", "rt_detr_v2")
    repository = "PekingU/rtdetr_r18vd"
    most_boxes = 300

    def network(self, folder: Path, names: int) -> WholeNetwork:
        """The network of a folder for so many names."""
        from pipeline_tasks.networks.rt_detr_network import rt_detr

        return rt_detr(folder, names)

    def objective_of(self, folder: Path, names: int) -> DetectionObjective:
        """The loss that the folder's configuration says."""
        from pipeline_tasks.networks.rt_detr_network import objective_of

        return objective_of(folder, names, self.side_px)

    def last_layer(self) -> LastLayer:
        """Scores and boxes of the last layer."""
        from pipeline_tasks.networks.detector_network import sigmoid_scores

        return sigmoid_scores
