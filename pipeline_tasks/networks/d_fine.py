"""D-FINE for boxes, by transformers, from a local folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_tasks.networks.folder_detector import FolderDetector

if TYPE_CHECKING:
    from pipeline_tasks.models.whole_network import WholeNetwork
    from pipeline_tasks.networks.detector_network import DetectionObjective, LastLayer


class DFine(FolderDetector):
    """D-FINE (Peng et al., ICLR 2025): RT-DETR's layout, whose layers refine distributions of a box's edges."""

    name = "d_fine"
    version = 1
    types = ("d_fine",)
    repository = "ustc-community/dfine-nano-coco"
    most_boxes = 300

    def network(self, folder: Path, names: int) -> WholeNetwork:
        """The network of a folder for so many names."""
        from pipeline_tasks.networks.d_fine_network import d_fine

        return d_fine(folder, names)

    def objective_of(self, folder: Path, names: int) -> DetectionObjective:
        """The loss that the folder's configuration says."""
        from pipeline_tasks.networks.d_fine_network import objective_of

        return objective_of(folder, names, self.side_px)

    def last_layer(self) -> LastLayer:
        """Scores and boxes of the last layer."""
        from pipeline_tasks.networks.detector_network import sigmoid_scores

        return sigmoid_scores
