"""Head of a classifier in an ONNX file: writes contraction, last layer, temperature and softmax, and reads the first two.

The last layer is in the initializers `head_weight` (C x D) and `head_bias` (C), the contraction in `head_mean`,
`head_precision` and `head_reach`, so that images with known embeddings are scored without decoding.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, TensorProto, helper, numpy_helper

from pipeline_tasks.errors import ModelError
from pipeline_tasks.kinds.classes.contraction import NAMES, Contraction, contraction_of
from pipeline_tasks.kinds.classes.decode import PROBABILITIES
from pipeline_tasks.kinds.modelling import Arrays

HEAD_WEIGHT = "head_weight"
HEAD_BIAS = "head_bias"
_TEMPERATURE = "head_temperature"
_CONTRACTION = {"mean": "head_mean", "precision": "head_precision", "reach": "head_reach"}


def extend_graph(
    graph: GraphProto, features: str, arrays: Arrays, temperature: float, class_names: tuple[str, ...], activation: str = "Softmax"
) -> None:
    """Append contraction, logits, temperature and softmax, or another activation of ONNX.

    Raises:
        ModelError: the weights do not have a row for each class.
    """
    if set(arrays) - set(NAMES) != {"weight", "bias"}:
        raise ModelError(f"head: wanted weight and bias, found {sorted(arrays)}")
    weight = arrays["weight"]
    if weight.shape != (len(class_names), weight.shape[1]):
        raise ModelError(f"head: wanted a row for each of {class_names}, found {weight.shape}")
    tensors: dict[str, NDArray[np.float32]] = {
        HEAD_WEIGHT: weight,
        HEAD_BIAS: arrays["bias"],
        _TEMPERATURE: np.array(temperature, np.float32),
    }
    contraction = contraction_of(arrays)
    near = features if contraction is None else _contracted(graph, features, contraction)
    graph.initializer.extend(numpy_helper.from_array(values, name) for name, values in tensors.items())
    decision = helper.make_node(activation, ["head_scaled"], [PROBABILITIES], name=f"head_{activation.lower()}")
    if activation == "Softmax":
        decision.attribute.append(helper.make_attribute("axis", 1))
    graph.node.extend(
        [
            helper.make_node("Gemm", [near, HEAD_WEIGHT, HEAD_BIAS], ["head_logits"], name="head", transB=1),
            helper.make_node("Div", ["head_logits", _TEMPERATURE], ["head_scaled"], name="head_scale"),
            decision,
        ]
    )
    graph.output.append(helper.make_tensor_value_info(PROBABILITIES, TensorProto.FLOAT, ["n", len(class_names)]))


def head_arrays(graph: GraphProto) -> dict[str, NDArray[np.float32]]:
    """Weights of the last layer, and its contraction if it has one.

    Raises:
        ModelError: the graph has none of these names.
    """
    named = {one.name: one for one in graph.initializer}
    if HEAD_WEIGHT not in named or HEAD_BIAS not in named:
        raise ModelError(f"model: wanted the initializers {HEAD_WEIGHT} and {HEAD_BIAS}, found neither or one")
    wanted = {"weight": HEAD_WEIGHT, "bias": HEAD_BIAS, **_CONTRACTION}
    found = {name: numpy_helper.to_array(named[stored]) for name, stored in wanted.items() if stored in named}
    return found | ({"precision": found["precision"][:, 0]} if "precision" in found else {})


def _contracted(graph: GraphProto, features: str, contraction: Contraction) -> str:
    """Append the contraction, and return the name of the contracted embeddings."""
    mean, precision, reach = (_CONTRACTION[name] for name in NAMES)
    # A column, so that a product sums over the dimensions without an axis, whose form differs between versions of ONNX.
    values = {mean: contraction.mean, precision: contraction.precision[:, np.newaxis], reach: np.array(contraction.reach)}
    graph.initializer.extend(numpy_helper.from_array(one.astype(np.float32), name) for name, one in values.items())
    graph.node.extend(
        [
            helper.make_node("Sub", [features, mean], ["head_moved"], name="head_move"),
            helper.make_node("Mul", ["head_moved", "head_moved"], ["head_squares"], name="head_square"),
            helper.make_node("MatMul", ["head_squares", precision], ["head_distance"], name="head_measure"),
            helper.make_node("Max", ["head_distance", reach], ["head_at_least"], name="head_limit"),
            helper.make_node("Div", [reach, "head_at_least"], ["head_share"], name="head_share"),
            helper.make_node("Mul", ["head_moved", "head_share"], ["head_drawn_in"], name="head_draw_in"),
            helper.make_node("Add", ["head_drawn_in", mean], ["head_near"], name="head_return"),
        ]
    )
    return "head_near"
