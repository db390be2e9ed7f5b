"""DeepLabV3 on MobileNetV2 in torch: the convolutions as backbone, image pooling and projection as head.

Chen et al., "Rethinking Atrous Convolution for Semantic Image Segmentation" (2017); Sandler et al., "MobileNetV2: Inverted
Residuals and Linear Bottlenecks" (CVPR 2018), whose table of segmentation leaves all but one of the atrous convolutions out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self

from torch import Tensor, nn
from torch.nn import functional

from pipeline_tasks.backbones.preprocessing import read_preprocessing
from pipeline_tasks.models.whole_network import WholeNetwork
from pipeline_tasks.networks.folder import KEY
from pipeline_tasks.networks.transformers_model import Pretrained, load_model

RENEWED = ("segmentation_head.",)
"""Part of the keys of weights that may be missing: a folder of the classifier has no such head."""
CELL_PX = 4


def deeplabv3(folder: Path, names: int) -> WholeNetwork:
    """The network of a folder for so many names with nothing: logits N x names x side/4 x side/4."""
    model = load_model("AutoModelForSemanticSegmentation", folder, "deeplabv3", names, RENEWED)
    # For classification alone: processes that share a fit wait for the gradient of every weight.
    model.mobilenet_v2.conv_1x1 = nn.Identity()
    return WholeNetwork(Pretrained(read_preprocessing(folder, KEY), model.mobilenet_v2, _maps), _Head(model.segmentation_head))


def _maps(body: nn.Module, pixels: Tensor) -> list[Tensor]:
    """Maps of the last inverted residual; transformers' pooler and last convolution are for classification."""
    features = body.get_submodule("conv_stem")(pixels)
    for layer in body.get_submodule("layer").children():
        features = layer(features)
    return [features]


class _Head(nn.Module):
    """Pixels and maps → logits. The pooled image is one number a channel, so batch normalisation keeps its statistics."""

    def __init__(self, segmentation_head: nn.Module) -> None:
        super().__init__()
        self.segmentation_head = segmentation_head

    def forward(self, given: tuple[Tensor, ...]) -> Tensor:
        """Logits N x names x side/4 x side/4, enlarged as the paper enlarges them."""
        pixels, maps = given
        size = [pixels.shape[2] // CELL_PX, pixels.shape[3] // CELL_PX]
        return functional.interpolate(self.segmentation_head(maps), size=size, mode="bilinear", align_corners=False)

    def train(self, mode: bool = True) -> Self:
        """Set the training mode, but of no batch normalisation."""
        super().train(mode)
        for one in self.modules():
            if isinstance(one, nn.BatchNorm2d):
                one.eval()
        return self
