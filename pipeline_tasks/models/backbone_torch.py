"""The backbone as a torch module: for exporting it, and for training that unfreezes it."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from pipeline_tasks.models.backbone_weights import weights_file
from pipeline_tasks.models.efficientnet_lite import EfficientNetLite0
from pipeline_tasks.settings import BackboneSettings


class TorchBackbone(nn.Module):
    """uint8 images N x side x side x 3 → embeddings float32 N x 1280; normalisation inside."""

    def __init__(self, features: nn.Module) -> None:
        """Put the normalisation in front of a network that takes float32 N x 3 x side x side."""
        super().__init__()
        self.features = features

    def forward(self, images: Tensor) -> Tensor:
        """Embed images; gradients flow into `features` where it is in training."""
        channels_first = images.permute(0, 3, 1, 2).to(torch.float32)
        embeddings: Tensor = self.features((channels_first - 127.0) / 128.0)
        return embeddings


def load_torch_backbone(settings: BackboneSettings) -> TorchBackbone:
    """Load a backbone with its ImageNet weights, in evaluation mode.

    Raises:
        SettingsError: its weights are not installed.
    """
    saved = torch.load(weights_file(settings), weights_only=True, map_location="cpu")
    features = EfficientNetLite0()
    # The file's tensors are transposed views; their values, not their memory, are the weights. The classifier stays behind.
    wanted = {name: tensor.contiguous() for name, tensor in saved.items() if not name.startswith("_fc.")}
    own = features.state_dict()
    features.load_state_dict(dict(zip(own, wanted.values(), strict=True)), strict=True)
    return TorchBackbone(features).eval()


def export_onnx(settings: BackboneSettings, file: Path) -> None:
    """Export a backbone as ONNX: input `pictures` uint8 N x side x side x 3, output `embeddings` float32 N x 1280, N free."""
    export_module(load_torch_backbone(settings), settings.side_px, file)


def export_module(backbone: nn.Module, side_px: int, file: Path) -> None:
    """Export a backbone that is at hand, as `export_onnx` does: one whose weights were trained."""
    example = torch.zeros((1, side_px, side_px, 3), dtype=torch.uint8)
    with warnings.catch_warnings():
        # Torch advises its newer exporter, which this graph does not need.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            backbone,
            (example,),
            file,
            dynamo=False,
            opset_version=17,
            input_names=["pictures"],
            output_names=["embeddings"],
            dynamic_axes={"pictures": {0: "n"}, "embeddings": {0: "n"}},
        )
