"""DeepLabV3 on MobileNetV2 for masks, by transformers, from a local folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_tasks.networks.folder_segmenter import FolderSegmenter

if TYPE_CHECKING:
    from pipeline_tasks.models.whole_network import WholeNetwork


class DeepLabV3(FolderSegmenter):
    """DeepLabV3 (Chen et al., 2017) with the light head that was published for MobileNetV2 (Sandler et al., CVPR 2018).

    The rate is 1e-3 by default, and a tenth of it for the pretrained part.
    """

    name = "deeplabv3"
    version = 1
    types = ("mobilenet_v2",)
    repository = "google/deeplabv3_mobilenet_v2_1.0_513"
    learning_rate_ratio = 0.25

    def network(self, folder: Path, names: int) -> WholeNetwork:
        """The network of a folder for so many names."""
        from pipeline_tasks.networks.deeplabv3_network import deeplabv3

        return deeplabv3(folder, names)
