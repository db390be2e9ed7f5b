"""Export of a head over feature maps as an ONNX graph."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence

import onnx
import torch
from torch import nn

from pipeline_tasks.kinds.map_modelling import Shapes


def head_graph(head: nn.Module, shapes: Shapes, map_names: Sequence[str], output_names: Sequence[str]) -> onnx.ModelProto:
    """Export a final head; torch's older exporter, because the newer one drops a graph's own symbols without a word."""
    maps = tuple(torch.zeros(1, one.channels, one.height, one.width) for one in shapes)
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # Silences torch's advice to use its newer exporter.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            head,
            maps,
            buffer,  # type: ignore[arg-type]
            dynamo=False,
            opset_version=17,
            input_names=list(map_names),
            output_names=list(output_names),
            dynamic_axes={name: {0: "n"} for name in (*map_names, *output_names)},
        )
    return onnx.load_model_from_string(buffer.getvalue())
