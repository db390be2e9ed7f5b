"""Export of backbone and head as one self-contained ONNX file; the same inputs give the same bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import onnx
import onnx.compose
from onnx import TensorProto, helper

from pipeline_tasks.errors import ModelError
from pipeline_tasks.kinds.map_modelling import MapModelling
from pipeline_tasks.kinds.modelling import NothingTrained
from pipeline_tasks.models.candidate import Candidate
from pipeline_tasks.models.exported import INPUT, ExportedModel, smoke_image

SMOKE_SEEDS = (1, 2, 3)
_EMBEDDINGS = "embeddings"


def export_model_bytes(candidate: Candidate, backbone: bytes) -> bytes:
    """Append the head to a backbone's graph (ONNX, `pictures` → `embeddings` or feature maps) and return the finished file.

    The graph of a whole network has the kind's outputs already.

    Raises:
        ModelError: the backbone's graph has another form.
    """
    model = onnx.load_model_from_string(backbone)
    marks, modelling = candidate.marks, candidate.marks.kind.modelling
    if isinstance(modelling, NothingTrained):
        raise ModelError(f"candidate: wanted a kind that trains models, found {marks.kind.name}")
    if marks.network:
        _check_backbone(model, marks.kind.decoding.output_names)
        outputs = list(model.graph.output)
        _fix_input(model.graph, marks.side_px)
        model.graph.output.extend(outputs)
    elif isinstance(modelling, MapModelling):
        names = [one.name for one in model.graph.output]
        _check_backbone(model, names)
        model = _joined(model, modelling.head_graph(candidate.head, names))
        outputs = list(model.graph.output)
        _fix_input(model.graph, marks.side_px)
        model.graph.output.extend(outputs)
    else:
        _check_backbone(model, [_EMBEDDINGS])
        _fix_input(model.graph, marks.side_px)
        modelling.extend_graph(model.graph, _EMBEDDINGS, candidate.head, marks.temperature)
    model.producer_name, model.producer_version, model.doc_string = "nightlens", "", ""
    properties = marks.as_properties()
    _mark(model, properties)
    smoke = _smoke_predictions(model.SerializeToString(deterministic=True), marks.side_px)
    _mark(model, properties | {"nightlens_golden": smoke})
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def _joined(trunk: onnx.ModelProto, head: onnx.ModelProto) -> onnx.ModelProto:
    """A trunk with a head behind it; the head's inner names get a prefix, its outputs keep theirs."""
    named = onnx.compose.add_prefix(head, "head_", rename_inputs=False, rename_outputs=False)
    maps = [(one.name, one.name) for one in head.graph.input]
    named.ir_version = trunk.ir_version
    return onnx.compose.merge_models(trunk, named, io_map=maps)


def _check_backbone(model: onnx.ModelProto, outputs: Sequence[str]) -> None:
    ends = [one.name for one in model.graph.input], [one.name for one in model.graph.output]
    if ends != ([INPUT], list(outputs)):
        raise ModelError(f"backbone: wanted a graph from [{INPUT!r}] to {list(outputs)}, found {ends}")
    if any(one.data_location == TensorProto.EXTERNAL for one in model.graph.initializer):
        raise ModelError("backbone: wanted one file without external data, found initializers outside of it")


def _fix_input(graph: onnx.GraphProto, side_px: int) -> None:
    """Say the shape of the input; only the number of images is free. The kind declares the outputs."""
    del graph.input[:], graph.output[:], graph.value_info[:]
    graph.name = "nightlens"
    graph.input.append(helper.make_tensor_value_info(INPUT, TensorProto.UINT8, ["n", side_px, side_px, 3]))


def _mark(model: onnx.ModelProto, properties: Mapping[str, str]) -> None:
    del model.metadata_props[:]
    helper.set_model_props(model, dict(sorted(properties.items())))


def _smoke_predictions(content: bytes, side_px: int) -> str:
    """Predictions for the smoke images, so that a server can check that it computes the same."""
    model = ExportedModel(content)
    decoding = model.kind.decoding
    found = [{"seed": seed} | decoding.as_recorded(model.run(smoke_image(seed, side_px))) for seed in SMOKE_SEEDS]
    return json.dumps(found)
