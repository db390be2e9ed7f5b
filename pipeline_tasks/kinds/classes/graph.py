"""Head of a classifier in an ONNX file: writes last layer, temperature and softmax, and reads the last layer.

The last layer is in the initializers `head_weight` (C x D) and `head_bias` (C), so that images with known embeddings are scored
without decoding.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, TensorProto, helper, numpy_helper

from pipeline_tasks.errors import ModelError
from pipeline_tasks.kinds.classes.decode import PROBABILITIES
from pipeline_tasks.kinds.modelling import Arrays

HEAD_WEIGHT = "head_weight"
HEAD_BIAS = "head_bias"
_TEMPERATURE = "head_temperature"


def extend_graph(graph: GraphProto, features: str, arrays: Arrays, temperature: float, class_names: tuple[str, ...]) -> None:
    """Append logits, temperature and softmax.

    Raises:
        ModelError: the weights do not have a row for each class.
    """
    if set(arrays) != {"weight", "bias"}:
        raise ModelError(f"head: wanted weight and bias, found {sorted(arrays)}")
    weight = arrays["weight"]
    if weight.shape != (len(class_names), weight.shape[1]):
        raise ModelError(f"head: wanted a row for each of {class_names}, found {weight.shape}")
    tensors: dict[str, NDArray[np.float32]] = {
        HEAD_WEIGHT: weight,
        HEAD_BIAS: arrays["bias"],
        _TEMPERATURE: np.array(temperature, np.float32),
    }
    graph.initializer.extend(numpy_helper.from_array(values, name) for name, values in tensors.items())
    graph.node.extend(
        [
            helper.make_node("Gemm", [features, HEAD_WEIGHT, HEAD_BIAS], ["head_logits"], name="head", transB=1),
            helper.make_node("Div", ["head_logits", _TEMPERATURE], ["head_scaled"], name="head_scale"),
            helper.make_node("Softmax", ["head_scaled"], [PROBABILITIES], name="head_softmax", axis=1),
        ]
    )
    graph.output.append(helper.make_tensor_value_info(PROBABILITIES, TensorProto.FLOAT, ["n", len(class_names)]))


def head_arrays(graph: GraphProto) -> dict[str, NDArray[np.float32]]:
    """Weights of the last layer.

    Raises:
        ModelError: the graph has none of these names.
    """
    named = {one.name: one for one in graph.initializer}
    if HEAD_WEIGHT not in named or HEAD_BIAS not in named:
        raise ModelError(f"model: wanted the initializers {HEAD_WEIGHT} and {HEAD_BIAS}, found neither or one")
    return {"weight": numpy_helper.to_array(named[HEAD_WEIGHT]), "bias": numpy_helper.to_array(named[HEAD_BIAS])}
