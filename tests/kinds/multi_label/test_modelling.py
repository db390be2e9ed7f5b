"""Tests of a head that decides on each class for itself: targets, weights, calibration and its piece of the file."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import polars as pl
import pytest
import torch
from given_models import TRAINING
from onnx import TensorProto, helper

from pipeline_tasks.errors import ParityError
from pipeline_tasks.kinds.classes.decode import PROBABILITIES
from pipeline_tasks.kinds.modelling import Scaling
from pipeline_tasks.kinds.multi_label.choosing import MultiLabelChoosing, beliefs_of
from pipeline_tasks.kinds.multi_label.decode import MultiLabelDecoding, sigmoid
from pipeline_tasks.kinds.multi_label.losses import log_loss
from pipeline_tasks.kinds.multi_label.modelling import MultiLabelModelling
from pipeline_tasks.kinds.multi_label.torch_head import MultiLabelObjective, presence_weights
from pipeline_tasks.settings import TrainingSettings

NAMES = ("dent", "hole", "stain")
MODELLING = MultiLabelModelling(NAMES)
DECODING = MultiLabelDecoding(NAMES)


def rows(*classes: list[str]) -> pl.DataFrame:
    said = [[{"class_name": one} for one in names] for names in classes]
    return pl.DataFrame({"objects": said}, schema={"objects": pl.List(pl.Struct({"class_name": pl.String}))})


def arrays(seed: int = 0) -> dict[str, np.ndarray]:  # type: ignore[type-arg]
    drawn = np.random.default_rng(seed)
    head = MODELLING.new_head(6)
    with torch.no_grad():
        for one in head.parameters():
            one.copy_(torch.from_numpy(drawn.normal(size=tuple(one.shape))))
    return dict(MODELLING.head_arrays(head, Scaling(drawn.normal(size=6), drawn.uniform(1, 2, 6), 4.0)))


def test_targets__are_one_for_each_class_of_an_image_and_zero_for_none() -> None:
    assert MODELLING.targets(rows(["stain", "dent"], [], ["hole", "hole"])).tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 0]]


def test_why_not_train__without_a_class_to_tell_apart() -> None:
    assert MODELLING.why_not_train(rows(["dent"], [])) == ""
    assert "others do not" in MODELLING.why_not_train(rows(["dent"], ["dent"]))
    assert "others do not" in MODELLING.why_not_train(rows([], []))


def test_presence_weights__are_the_root_of_absent_over_present_images_within_limits() -> None:
    targets = torch.tensor([[1.0, 0, 1]] + [[0.0, 0, 1]] * 8 + [[0.0, 0, 0]])

    assert presence_weights(targets, balance=True).tolist() == pytest.approx([3, 1, 1 / 3])
    assert presence_weights(targets, balance=False).tolist() == [1, 1, 1]
    assert presence_weights(torch.eye(1000)[:, :1], balance=True).tolist() == [10]


def test_loss__is_that_of_torch() -> None:
    drawn = np.random.default_rng(0)
    logits, targets = drawn.normal(size=(30, 3)).astype(np.float32) * 9, (drawn.random((30, 3)) < 0.3).astype(np.float32)
    wanted = torch.nn.functional.binary_cross_entropy_with_logits(torch.from_numpy(logits / 1.7), torch.from_numpy(targets))

    assert log_loss(logits, targets, 1.7) == pytest.approx(wanted.item(), rel=1e-5)


def test_objective__says_f1_of_the_classes_that_occur() -> None:
    targets = np.array([[1, 0, 0], [1, 0, 1], [0, 0, 1]], np.float32)
    outputs = torch.tensor([[3.0, -3, -3], [-3, -3, 3], [-3, -3, 3]])

    found = MultiLabelObjective(targets, balance=True).metrics(outputs, torch.from_numpy(targets))

    assert found["val_f1_macro"] == pytest.approx((2 / 3 + 1) / 2)
    assert found["val_accuracy"] == pytest.approx(8 / 9)
    assert found["val_scaled_loss"] < found["val_loss"] * 2


def test_head__learns_classes_that_occur_together() -> None:
    drawn = np.random.default_rng(0)
    targets = (drawn.random((200, 3)) < 0.4).astype(np.float32)
    embeddings = torch.from_numpy((targets @ drawn.normal(size=(3, 6)) * 3 + drawn.normal(size=(200, 6)) * 0.1).astype(np.float32))
    head, objective = MODELLING.new_head(6), MODELLING.objective(targets, TrainingSettings(**TRAINING))
    optimizer = torch.optim.AdamW(head.parameters(), lr=0.1)
    for _ in range(100):
        optimizer.zero_grad()
        objective.loss(head(embeddings), torch.from_numpy(targets)).backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    assert objective.metrics(head(embeddings).detach(), torch.from_numpy(targets))["val_f1_macro"] > 0.99


def test_temperature__calibrates_overconfident_outputs_and_needs_20_images() -> None:
    drawn = np.random.default_rng(0)
    logits = drawn.normal(size=(3000, 3)).astype(np.float32)
    targets = (drawn.random((3000, 3)) < sigmoid(logits)).astype(np.float32)

    assert MODELLING.temperature(logits * 3, targets) == pytest.approx(3, rel=0.1)
    assert MODELLING.temperature(logits[:19], targets[:19]) == 1


def test_never_shown_classes__have_probability_0_for_every_image() -> None:
    targets = np.array([[1, 0, 1], [0, 0, 0]], np.float32)
    head = MODELLING.without_never_shown(arrays(), targets)
    far = np.random.default_rng(1).normal(size=(50, 6)).astype(np.float32) * 1e4

    assert MODELLING.never_shown(targets) == ("hole",)
    assert (sigmoid(MODELLING.outputs(head, far) / 0.25)[:, 1] == 0).all()


def test_file__computes_the_probabilities_of_torch_for_any_number_of_images() -> None:
    head, temperature = arrays(), 1.3
    graph = helper.make_graph([], "g", [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", 6])], [])
    MODELLING.extend_graph(graph, "features", head, temperature)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    for count in (1, 7):
        embeddings = np.random.default_rng(count).normal(size=(count, 6)).astype(np.float32) * 5
        (found,) = session.run([PROBABILITIES], {"features": embeddings})
        with torch.no_grad():
            logits = MODELLING.head_of(head)(torch.from_numpy(embeddings)).numpy()
        each = [{PROBABILITIES: one} for one in found]

        assert MODELLING.check_parity(logits, temperature, each) < 1e-6
        assert np.abs(MODELLING.outputs(head, embeddings) - logits).max() < 1e-4
        with pytest.raises(ParityError, match="difference of"):
            MODELLING.check_parity(logits, 2 * temperature, each)
    scorer = MultiLabelChoosing(NAMES).scorer(graph, temperature)
    assert np.allclose(scorer.beliefs(embeddings), beliefs_of(found), atol=1e-6)
    draws = scorer.belief_draws(embeddings, seed=0)
    assert draws.shape == (10, 7, 3)
    assert np.allclose(draws.sum(axis=2), 1)


def test_beliefs__are_uncertain_only_if_the_model_is() -> None:
    probabilities = np.array([[0.99, 0.98, 0.01], [0.99, 0.5, 0.01], [0.01, 0.02, 0.01]], np.float32)

    beliefs = beliefs_of(probabilities)

    assert np.allclose(beliefs.sum(axis=1), 1)
    ordered = np.sort(beliefs, axis=1)
    assert np.allclose(1 - (ordered[:, -1] - ordered[:, -2]), [0.04, 1, 0.04], atol=1e-6)


def test_prediction__has_the_probable_classes_and_is_unsure_of_the_least_certain() -> None:
    objects = DECODING.decode({PROBABILITIES: np.array([0.7, 0.9, 0.2], np.float32)}, (1, 1))

    prediction = DECODING.predict(objects, (1, 1), 0.75)

    assert prediction.class_names == ["hole", "dent"]
    assert prediction.is_unsure
    assert not DECODING.predict(objects, (1, 1), 0.7).is_unsure
    assert DECODING.says(prediction) == "hole 0.900, dent 0.700 (probability)"
    assert DECODING.headline(prediction) == "hole"
    assert DECODING.read_prediction(vars(prediction)) == prediction


def test_prediction__of_no_class_says_so() -> None:
    prediction = DECODING.predict(DECODING.decode({PROBABILITIES: np.array([0.1, 0.3, 0.2], np.float32)}, (1, 1)), (1, 1), 0.5)

    assert prediction.class_names == []
    assert DECODING.says(prediction) == "none of the classes, highest probability 0.300"
    assert DECODING.headline(prediction) == "none"
    assert [one.words for one in DECODING.outlines(prediction, (9, 9))] == [DECODING.says(prediction)]


def test_names__of_images_are_their_rarest_classes() -> None:
    labels = pl.DataFrame({"image_id": ["a", "a", "b", "c"], "class_name": ["dent", "hole", "dent", "dent"]})
    choosing = MultiLabelChoosing(NAMES)

    assert choosing.names_of(labels) == {"a": "hole", "b": "dent", "c": "dent"}
    assert choosing.names(rows(["dent", "hole"], ["dent"], [])).to_list() == ["hole", "dent", "none of these"]
