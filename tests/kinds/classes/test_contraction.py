"""Tests of a head's probabilities: 0 for classes without a training image, and near uniform far from all training images."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper

from pipeline_tasks.kinds.classes.choosing import ClassChoosing
from pipeline_tasks.kinds.classes.contraction import contraction_of
from pipeline_tasks.kinds.classes.decode import softmax
from pipeline_tasks.kinds.classes.modelling import ClassModelling
from pipeline_tasks.kinds.modelling import Arrays, Scaling
from pipeline_tasks.models.embedding_scale import embedding_scale

DIMENSIONS = 4
CLASSES = ("bolt", "gear", "bracket")
KIND = ClassModelling(CLASSES)
SCALING = Scaling(np.array([1.0, 2.0, 0.0, 0.0]), np.array([0.5, 1.0, 1.0, 2.0]), reach=4.0)
FAR = np.random.default_rng(1).normal(0, 500, (50, DIMENSIONS)).astype(np.float32)
NEAR = np.random.default_rng(2).normal([1, 2, 0, 0], [0.3, 0.6, 0.6, 1.2], (50, DIMENSIONS)).astype(np.float32)
SHOWN = np.array([0, 1, 1, 0])
"""Targets of training images: no bracket."""


def arrays() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(3)
    head = torch.nn.Linear(DIMENSIONS, len(CLASSES))
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(generator.normal(0, 1, (len(CLASSES), DIMENSIONS))))
        head.bias.zero_()
    return KIND.head_arrays(head, SCALING)


def exported(head: dict[str, np.ndarray], temperature: float = 1.0) -> bytes:
    """A file whose features are its input."""
    features = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", DIMENSIONS])
    graph = helper.make_graph([], "head", [features], [])
    KIND.extend_graph(graph, "features", head, temperature)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    content: bytes = model.SerializeToString()
    return content


def predicted(content: bytes, embeddings: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    (found,) = session.run(["probabilities"], {"features": embeddings})
    return np.asarray(found)


def linear_head(kind: ClassModelling, rows: np.ndarray, targets: np.ndarray) -> Arrays:
    """Linear discriminant analysis of embeddings (N x D) with the scaling that trainings use."""
    scaling = embedding_scale(rows, len(rows))
    scaled = (rows - scaling.mean) / scaling.spread
    classes = range(targets.max() + 1)
    means = np.stack([scaled[targets == one].mean(axis=0) for one in classes])
    weight = means / np.mean([scaled[targets == one].var(axis=0) for one in classes], axis=0)
    head = torch.nn.Linear(rows.shape[1], len(classes))
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(weight))
        head.bias.copy_(torch.from_numpy(-(means * weight).sum(axis=1) / 2))
    return kind.head_arrays(head, scaling)


@pytest.mark.parametrize("classes", [2, 10])
def test_images_of_no_class__are_not_predicted_with_99_percent(classes: int) -> None:
    """Reports: cats and dogs, and a person or a landscape is 99 % one of them (discuss.pytorch.org, topic 139964).

    Ten house numbers, and a house or a lion is one of them with a probability close to 1 (quabr.com, question 55683370). Such
    images have features that no training image has, and more of the usual ones.
    """
    kind, draw = ClassModelling(tuple("abcdefghij"[:classes])), np.random.default_rng(classes)
    centres = draw.normal(0, 1.5, (classes, 64)) * (np.arange(64) < 16)
    targets = np.repeat(np.arange(classes), 40)
    head = linear_head(kind, centres[targets] + draw.normal(0, 1, (len(targets), 64)), targets)
    known = centres[targets] + draw.normal(0, 1, (len(targets), 64))
    others = draw.normal(0, np.where(np.arange(64) < 16, 4, 1), (200, 64)) + 6 * (np.arange(64) // 16 == 1)

    beliefs = softmax(kind.outputs(head, others)).max(axis=1)

    plain = softmax(kind.outputs({name: head[name] for name in ("weight", "bias")}, others)).max(axis=1)
    assert (plain >= 0.99).mean() > 0.6, "a linear head answers as in the reports"
    assert (beliefs >= 0.99).mean() < 0.02
    assert beliefs.mean() < softmax(kind.outputs(head, known)).max(axis=1).mean() - 0.2


def test_contraction__does_not_change_images_within_reach() -> None:
    contraction = contraction_of(arrays())
    assert contraction is not None
    assert (np.square((NEAR - SCALING.mean) / SCALING.spread).sum(axis=1) <= SCALING.reach).all()

    assert np.allclose(contraction.apply(NEAR), NEAR, atol=1e-6)
    assert np.allclose(contraction.apply(FAR), SCALING.mean, atol=1.0), "2 spreads out of hundreds, squared"


def test_contraction__makes_far_images_uncertain() -> None:
    head = arrays()
    plain = {name: head[name] for name in ("weight", "bias")}

    assert softmax(KIND.outputs(plain, FAR)).max(axis=1).mean() > 0.99, "a linear head is certain of all of them"
    assert softmax(KIND.outputs(head, FAR)).max() < 0.36


@pytest.mark.parametrize("temperature", [0.25, 1.0, 8.0])
def test_without_never_shown__predicts_such_a_class_nowhere(temperature: float) -> None:
    head = KIND.without_never_shown(arrays(), SHOWN)

    found = predicted(exported(head, temperature), np.concatenate([NEAR, FAR]))

    assert KIND.never_shown(SHOWN) == ("bracket",)
    assert (found[:, 2] == 0).all()
    assert np.allclose(found.sum(axis=1), 1, atol=1e-5)


def test_without_never_shown__changes_nothing_when_all_are_shown() -> None:
    head = arrays()

    kept = KIND.without_never_shown(head, np.array([0, 1, 2]))

    assert KIND.never_shown(np.array([0, 1, 2])) == ()
    assert all(np.array_equal(kept[name], head[name]) for name in head)


def test_head__is_the_same_in_numpy_torch_onnx_and_the_scorer() -> None:
    head, images = KIND.without_never_shown(arrays(), SHOWN), np.concatenate([NEAR, FAR])
    content = exported(head, 2.0)
    wanted = softmax(KIND.outputs(head, images) / 2.0)

    with torch.no_grad():
        in_torch = torch.softmax(KIND.head_of(head)(torch.from_numpy(images)) / 2.0, 1).numpy()
    import onnx

    scorer = ClassChoosing(CLASSES).scorer(onnx.load_model_from_string(content).graph, 2.0)

    for found in (in_torch, predicted(content, images), scorer.beliefs(images)):
        assert np.abs(found - wanted).max() < 1e-4


def test_head__of_an_earlier_release_contracts_nothing() -> None:
    old = {name: values for name, values in arrays().items() if name in ("weight", "bias")}

    import onnx

    scorer = ClassChoosing(CLASSES).scorer(onnx.load_model_from_string(exported(old)).graph, 1.0)

    assert contraction_of(old) is None
    assert np.abs(scorer.beliefs(FAR) - softmax(KIND.outputs(old, FAR))).max() < 1e-4
