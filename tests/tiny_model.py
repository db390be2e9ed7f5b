"""A model small enough to check by hand: it takes the mean colour, and each class is one colour channel."""

from __future__ import annotations

import json
from collections.abc import Sequence
from io import BytesIO

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from pipeline_tasks.decoding.model_recipe import recipe_digest

SIDE_PX = 32
DATASET_ID = "d" * 64


def tiny_model(
    class_names: Sequence[str] = ("bolt", "nut"),
    *,
    channels: Sequence[int] = (0, 1, 2),
    bias: float = 0.0,
    dataset_id: str = DATASET_ID,
    smoke_shift: float = 0.0,
    recipe: str | None = None,
) -> bytes:
    """An exported model: class i is likely when channel `channels[i]` is bright. `smoke_shift` falsifies its smoke predictions."""
    weight = np.zeros((len(class_names), 3), dtype=np.float32)
    for row, channel in zip(weight, channels, strict=False):
        row[channel] = 10.0
    model = _graph(weight, np.full(len(class_names), bias, dtype=np.float32))
    marks = {
        "nightlens_classes": json.dumps(list(class_names)),
        "nightlens_backbone_digest": "b" * 64,
        "nightlens_recipe_digest": recipe or recipe_digest(SIDE_PX),
        "nightlens_side_px": str(SIDE_PX),
        "nightlens_dataset_id": dataset_id,
        "nightlens_temperature": "1.0",
        "nightlens_golden": json.dumps(_smoke_predictions(model, smoke_shift)),
    }
    helper.set_model_props(model, marks)
    return model.SerializeToString()


def an_image(colour: tuple[int, int, int] = (255, 0, 0), seed: int = 0, file_format: str = "PNG") -> bytes:
    """A file of one colour with a little noise, so that each seed is another image."""
    noise = np.random.default_rng(seed).integers(0, 8, (48, 48, 3))
    pixels = np.clip(np.array(colour) - noise, 0, 255).astype(np.uint8)
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, file_format)
    return buffer.getvalue()


def _graph(weight: np.ndarray, bias: np.ndarray) -> onnx.ModelProto:
    nodes = [
        helper.make_node("Cast", ["pictures"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["floats", "axes"], ["means"], keepdims=0),
        helper.make_node("Div", ["means", "white"], ["scaled"]),
        helper.make_node("Gemm", ["scaled", "head_weight", "head_bias"], ["logits"], transB=1),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    initializers = [
        numpy_helper.from_array(np.array([1, 2], dtype=np.int64), "axes"),
        numpy_helper.from_array(np.array(255.0, dtype=np.float32), "white"),
        numpy_helper.from_array(weight, "head_weight"),
        numpy_helper.from_array(bias, "head_bias"),
    ]
    inputs = [helper.make_tensor_value_info("pictures", TensorProto.UINT8, ["N", SIDE_PX, SIDE_PX, 3])]
    outputs = [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", len(bias)])]
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def _smoke_predictions(model: onnx.ModelProto, shift: float) -> list[dict[str, object]]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    image = np.random.default_rng(1).integers(0, 256, (SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
    probabilities = session.run(["probabilities"], {"pictures": image[None]})[0][0]
    return [{"seed": 1, "probabilities": [float(value) + shift for value in probabilities]}]
