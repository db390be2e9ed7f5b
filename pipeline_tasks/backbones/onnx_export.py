"""Export of a torch backbone as ONNX."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from pipeline_tasks.errors import SettingsError

MAX_DIFFERENCE = 1e-3
"""Of a graph from torch, as a share of the greatest number of an output. Graphs that are right differ by less than 1e-5."""


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


def check_export(network: nn.Module, content: bytes, side_px: int, name: str) -> None:
    """Compare an exported network with torch on an image of noise: some networks pad by code that an export cannot follow.

    Raises:
        SettingsError: the graph computes something else; `name` is the backbone's.
    """
    import onnxruntime

    image = np.random.default_rng(0).integers(0, 256, (1, side_px, side_px, 3), np.uint8)
    with torch.no_grad():
        outputs = network(torch.from_numpy(image))
    wanted = [outputs] if isinstance(outputs, Tensor) else list(outputs)
    found = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"]).run(None, {"pictures": image})
    for one, other in zip(wanted, found, strict=True):
        off, most = float(np.abs(one.numpy() - other).max()), max(float(one.abs().max()), 1.0)
        if not off <= MAX_DIFFERENCE * most:
            raise SettingsError(
                f"backbone.weights: {name} cannot use this network: its exported graph gives numbers that are off by {off:.2g} of "
                f"{most:.2g}; choose another network, such as a ResNet or ConvNeXt"
            )
