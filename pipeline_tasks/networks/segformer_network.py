"""SegFormer in torch: its encoder as backbone, its decoder as head.

Xie et al., "SegFormer: Simple and Efficient Design for Semantic Segmentation with Transformers" (NeurIPS 2021).
"""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn

from pipeline_tasks.backbones.preprocessing import read_preprocessing
from pipeline_tasks.models.whole_network import WholeNetwork
from pipeline_tasks.networks.folder import KEY
from pipeline_tasks.networks.transformers_model import Pretrained, load_model

RENEWED = ("decode_head.",)
"""Part of the keys of weights that may be missing: published encoders have no decoder."""


def segformer(folder: Path, names: int) -> WholeNetwork:
    """The network of a folder for so many names with nothing: logits N x names x side/4 x side/4."""
    model = load_model("AutoModelForSemanticSegmentation", folder, "segformer", names, RENEWED)
    # A fit keeps each module's mode, and a loaded network is in evaluation mode: a new decoder's statistics would stay 0 and 1.
    decoder = _Decoder(model.decode_head).train()
    return WholeNetwork(Pretrained(read_preprocessing(folder, KEY), model.segformer, _maps), decoder)


def _maps(body: nn.Module, pixels: Tensor) -> list[Tensor]:
    """Maps of all stages; transformers would collect them by hooks, which other processes do not get."""
    features, maps = pixels, []
    for stage in body.get_submodule("stages").children():
        features = stage(features)
        maps.append(features)
    return maps


class _Decoder(nn.Module):
    """Pixels and maps → logits."""

    def __init__(self, decode_head: nn.Module) -> None:
        super().__init__()
        self.decode_head = decode_head

    def forward(self, given: tuple[Tensor, ...]) -> Tensor:
        """Logits N x names x side/4 x side/4."""
        logits: Tensor = self.decode_head(given[1:])
        return logits
