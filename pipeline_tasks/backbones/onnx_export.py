"""Export of a torch backbone as ONNX."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn


def export_onnx(network: nn.Module, side_px: int, output_names: Sequence[str] = ("embeddings",)) -> bytes:
    """Export the network as ONNX, N free: `pictures` (uint8 N x side x side x 3) to outputs, by default `embeddings` (N x D)."""
    example = torch.zeros((1, side_px, side_px, 3), dtype=torch.uint8)
    with tempfile.TemporaryDirectory(prefix="nightlens-export-") as folder, warnings.catch_warnings():
        # Silences torch's advice to use its newer exporter, which this graph does not need.
        warnings.simplefilter("ignore")
        file = Path(folder) / "backbone.onnx"
        torch.onnx.export(
            network,
            (example,),
            file,
            dynamo=False,
            opset_version=17,
            input_names=["pictures"],
            output_names=list(output_names),
            dynamic_axes={name: {0: "n"} for name in ("pictures", *output_names)},
        )
        return file.read_bytes()
