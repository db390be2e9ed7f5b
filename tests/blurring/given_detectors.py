"""A detector small enough to check by hand: the box around all pixels that are quite red, with a score."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def a_detector(score: float = 0.9, *, score_name: str = "scores") -> bytes:
    """One uint8 image 1 x height x width x 3 in; `boxes` 1 x 4 and `scores` 1 out. Without a red pixel the box has no area."""
    constants = {"red": np.array(0), "limit": np.array(250, np.int32), "columns": np.array([2]), "rows": np.array([1])}
    constants |= {"one": np.array(1, np.int64), "score": np.array([score], np.float32), "shape": np.array([1, 4])}
    constants |= {"axes": np.array([0, 1]), "front": np.array([0])}
    nodes = [
        helper.make_node("Gather", ["image", "red"], ["reds"], axis=3),
        helper.make_node("Cast", ["reds"], ["levels"], to=TensorProto.INT32),
        helper.make_node("Greater", ["levels", "limit"], ["is_red"]),
        helper.make_node("NonZero", ["is_red"], ["places"]),
        helper.make_node("Gather", ["places", "columns"], ["xs"], axis=0),
        helper.make_node("Gather", ["places", "rows"], ["ys"], axis=0),
        *(helper.make_node("ReduceMin", [one, "axes"], [f"{one}_first"], keepdims=0) for one in ("xs", "ys")),
        *(helper.make_node("ReduceMax", [one, "axes"], [f"{one}_top"], keepdims=0) for one in ("xs", "ys")),
        *(helper.make_node("Add", [f"{one}_top", "one"], [f"{one}_last"]) for one in ("xs", "ys")),
        *(helper.make_node("Unsqueeze", [one, "front"], [f"{one}_1"]) for one in ("xs_first", "ys_first", "xs_last", "ys_last")),
        helper.make_node("Concat", ["xs_first_1", "ys_first_1", "xs_last_1", "ys_last_1"], ["corners"], axis=0),
        helper.make_node("Cast", ["corners"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["floats", "shape"], ["boxes"]),
        helper.make_node("Identity", ["score"], [score_name]),
    ]
    image = helper.make_tensor_value_info("image", TensorProto.UINT8, [1, "height", "width", 3])
    outputs = [
        helper.make_tensor_value_info("boxes", TensorProto.FLOAT, [1, 4]),
        helper.make_tensor_value_info(score_name, TensorProto.FLOAT, [1]),
    ]
    given = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "red", [image], outputs, given)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model)
    made: bytes = model.SerializeToString()
    return made
