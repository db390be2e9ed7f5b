"""Puts backbone and head into one ONNX file that carries everything it needs; the same parts give the same bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from pipeline_tasks.errors import ModelError
from pipeline_tasks.models.candidate import Candidate
from pipeline_tasks.models.exported import HEAD_BIAS, HEAD_WEIGHT, INPUT, OUTPUT, ExportedModel, smoke_image

SMOKE_SEEDS = (1, 2, 3)
_EMBEDDINGS = "embeddings"
_TEMPERATURE = "head_temperature"


def export_model_bytes(candidate: Candidate, backbone: bytes) -> bytes:
    """Append the head to a backbone's graph (ONNX, `pictures` → `embeddings`) and return the finished file.

    Raises:
        ModelError: the backbone's graph is not of that form.
    """
    model = onnx.load_model_from_string(backbone)
    _check_backbone(model, candidate)
    _append_head(model.graph, candidate)
    _fix_ends(model.graph, candidate.marks.side_px, len(candidate.marks.class_names))
    model.producer_name, model.producer_version, model.doc_string = "nightlens", "", ""
    properties = candidate.marks.as_properties()
    _mark(model, properties)
    smoke = _smoke_predictions(model.SerializeToString(deterministic=True), candidate.marks.side_px)
    _mark(model, properties | {"nightlens_golden": smoke})
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def _check_backbone(model: onnx.ModelProto, candidate: Candidate) -> None:
    ends = [one.name for one in model.graph.input], [one.name for one in model.graph.output]
    if ends != ([INPUT], [_EMBEDDINGS]):
        raise ModelError(f"backbone: wanted a graph from [{INPUT!r}] to [{_EMBEDDINGS!r}], found {ends}")
    if any(one.data_location == TensorProto.EXTERNAL for one in model.graph.initializer):
        raise ModelError("backbone: wanted one file without external data, found initializers outside of it")
    if candidate.weight.shape != (len(candidate.marks.class_names), candidate.weight.shape[1]):
        raise ModelError(f"head: wanted a row for each of {candidate.marks.class_names}, found {candidate.weight.shape}")


def _append_head(graph: onnx.GraphProto, candidate: Candidate) -> None:
    """Logits, temperature, softmax."""
    tensors: dict[str, NDArray[np.float32]] = {
        HEAD_WEIGHT: candidate.weight,
        HEAD_BIAS: candidate.bias,
        _TEMPERATURE: np.array(candidate.marks.temperature, np.float32),
    }
    graph.initializer.extend(numpy_helper.from_array(values, name) for name, values in tensors.items())
    graph.node.extend(
        [
            helper.make_node("Gemm", [_EMBEDDINGS, HEAD_WEIGHT, HEAD_BIAS], ["head_logits"], name="head", transB=1),
            helper.make_node("Div", ["head_logits", _TEMPERATURE], ["head_scaled"], name="head_scale"),
            helper.make_node("Softmax", ["head_scaled"], [OUTPUT], name="head_softmax", axis=1),
        ]
    )


def _fix_ends(graph: onnx.GraphProto, side_px: int, class_count: int) -> None:
    """Say the shapes of both ends; only the number of images is free."""
    del graph.input[:], graph.output[:], graph.value_info[:]
    graph.name = "nightlens"
    graph.input.append(helper.make_tensor_value_info(INPUT, TensorProto.UINT8, ["n", side_px, side_px, 3]))
    graph.output.append(helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["n", class_count]))


def _mark(model: onnx.ModelProto, properties: Mapping[str, str]) -> None:
    del model.metadata_props[:]
    helper.set_model_props(model, dict(sorted(properties.items())))


def _smoke_predictions(content: bytes, side_px: int) -> str:
    """What the model answers to the synthetic images, so that a server can tell whether it computes the same."""
    model = ExportedModel(content)
    answers = model.predict(np.stack([smoke_image(seed, side_px) for seed in SMOKE_SEEDS]))
    rows = [[round(float(one), 6) for one in row] for row in answers]
    return json.dumps([{"seed": seed, "probabilities": row} for seed, row in zip(SMOKE_SEEDS, rows, strict=True)])
