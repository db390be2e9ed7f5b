"""Tests of exported models: other files are refused with a message, and bytes do not depend on the time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from given_models import SIDE_PX, TinyBackbone, TinyNetwork, a_tiny_backbone
from onnx import TensorProto

from pipeline_tasks.errors import ModelError
from pipeline_tasks.kinds.classes.class_kind import ClassKind
from pipeline_tasks.models.candidate import Candidate, parse_candidate, trained_backbone_digest
from pipeline_tasks.models.exported import ExportedModel, ModelMarks, parse_marks, read_head
from pipeline_tasks.models.exporting import export_model_bytes
from pipeline_tasks.models.parity import check_parity

pytestmark = pytest.mark.slow

MARKS = ModelMarks(ClassKind(("bolt", "nut", "Öse")), "b" * 64, "r" * 64, SIDE_PX, "d" * 64, 1.5)
HEAD: dict[str, np.ndarray] = {
    "weight": np.arange(96, dtype=np.float32).reshape(3, 32) / 100,
    "bias": np.array([0.1, 0.0, -0.1], np.float32),
}
CANDIDATE = Candidate(MARKS, HEAD)


@pytest.fixture
def backbone(tmp_path: Path) -> TinyBackbone:
    return a_tiny_backbone(tmp_path)


def test_export_model_bytes__same_parts_are_the_same_bytes(backbone: TinyBackbone) -> None:
    assert export_model_bytes(CANDIDATE, backbone.onnx_bytes) == export_model_bytes(CANDIDATE, backbone.onnx_bytes)


def test_export_model_bytes__predicts_as_torch_with_temperature_and_class_order(backbone: TinyBackbone) -> None:
    model = ExportedModel(export_model_bytes(CANDIDATE, backbone.onnx_bytes))
    images = np.random.default_rng(0).integers(0, 256, (5, SIDE_PX, SIDE_PX, 3), dtype=np.uint8)

    parity = check_parity(CANDIDATE, TinyNetwork().eval(), model, images)

    assert parity.images == 5
    assert parity.max_difference < 1e-5
    assert model.marks == MARKS
    assert all(model.run(image)["probabilities"].sum() == pytest.approx(1) for image in images)


def test_exported_model__refuses_images_of_another_size(backbone: TinyBackbone) -> None:
    model = ExportedModel(export_model_bytes(CANDIDATE, backbone.onnx_bytes))

    with pytest.raises(ModelError, match="wanted a uint8 image"):
        model.run(np.zeros((8, 8, 3), np.uint8))


def test_exported_model__refuses_a_file_that_is_no_exported_model(backbone: TinyBackbone) -> None:
    for refused in (lambda: ExportedModel(b"rot"), lambda: read_head(b"rot"), lambda: ExportedModel(backbone.onnx_bytes)):
        with pytest.raises(ModelError):
            refused()


def test_read_head__requires_the_named_initializers(backbone: TinyBackbone) -> None:
    model = onnx.load_model_from_string(export_model_bytes(CANDIDATE, backbone.onnx_bytes))
    del model.graph.initializer[:]

    with pytest.raises(ModelError, match="wanted the initializers"):
        read_head(model.SerializeToString())


def test_parse_marks__names_what_is_missing() -> None:
    with pytest.raises(ModelError, match="nightlens_side_px"):
        parse_marks({key: value for key, value in MARKS.as_properties().items() if key != "nightlens_side_px"})


def test_export_model_bytes__refuses_graphs_of_another_form(backbone: TinyBackbone) -> None:
    renamed = onnx.load_model_from_string(backbone.onnx_bytes)
    renamed.graph.output[0].name = "logits"
    outside = onnx.load_model_from_string(backbone.onnx_bytes)
    outside.graph.initializer[0].data_location = TensorProto.EXTERNAL

    with pytest.raises(ModelError, match="wanted a graph from"):
        export_model_bytes(CANDIDATE, renamed.SerializeToString())
    with pytest.raises(ModelError, match="without external data"):
        export_model_bytes(CANDIDATE, outside.SerializeToString())
    with pytest.raises(ModelError, match="wanted a row for each"):
        export_model_bytes(replace(CANDIDATE, head=HEAD | {"weight": HEAD["weight"][:2]}), backbone.onnx_bytes)


def test_candidate__is_read_back_with_its_backbone() -> None:
    weights: dict[str, np.ndarray] = {"filters.weight": np.ones((2, 2), np.float32), "seen": np.array(3, np.int64)}

    found = parse_candidate(replace(CANDIDATE, backbone_weights=weights).as_bytes())

    assert found.marks == MARKS
    assert {name: values.tolist() for name, values in found.head.items()} == {
        name: values.tolist() for name, values in HEAD.items()
    }
    assert {name: values.tolist() for name, values in found.backbone_weights.items()} == {
        "filters.weight": [[1, 1], [1, 1]],
        "seen": 3,
    }


def test_parse_candidate__refuses_a_file_that_no_training_wrote() -> None:
    for content in (b"", b"rot", b"PK\x03\x04rot"):
        with pytest.raises(ModelError):
            parse_candidate(content)


def test_trained_backbone_digest__changes_with_one_weight() -> None:
    weights = {"w": np.zeros(3, np.float32)}
    other = {"w": np.array([0, 0, 1e-7], np.float32)}

    assert trained_backbone_digest("b", weights) == trained_backbone_digest("b", dict(weights))
    assert trained_backbone_digest("b", weights) != trained_backbone_digest("b", other)
