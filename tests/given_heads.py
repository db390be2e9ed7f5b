"""A champion's last layer alone, as `select_images` and `measure_selection_gain` read it out of an exported model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from pipeline_tasks.kinds.classes.class_kind import ClassKind
from pipeline_tasks.kinds.classes.graph import HEAD_BIAS, HEAD_WEIGHT
from pipeline_tasks.models.exported import ModelMarks


def a_head(class_names: Sequence[str], backbone: str, weight: np.ndarray, bias: np.ndarray) -> bytes:
    """An exported file whose head has this weight (C x D) and bias; it answers images with themselves."""
    marks = ModelMarks(ClassKind(tuple(class_names)), backbone, "r" * 64, 32, "d" * 64)
    node = helper.make_node("Identity", ["pictures"], ["probabilities"])
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 2]) for name in ("pictures", "probabilities")]
    numbers = ((weight, HEAD_WEIGHT), (bias, HEAD_BIAS))
    constants = [numpy_helper.from_array(one.astype(np.float32), name) for one, name in numbers]
    model = helper.make_model(helper.make_graph([node], "head", ends[:1], ends[1:], constants))
    helper.set_model_props(model, marks.as_properties())
    content: bytes = model.SerializeToString()
    return content


def fitted_head(class_names: Sequence[str], backbone: str, embeddings: np.ndarray, class_numbers: np.ndarray) -> bytes:
    """A head by ridge regression on rows of length 1, all classes weighing alike."""
    counts = np.bincount(class_numbers, minlength=len(class_names))
    weights = 1 / np.maximum(counts[class_numbers], 1)
    design = np.concatenate([embeddings, np.ones((len(embeddings), 1))], axis=1)
    system = design.T @ (design * weights[:, None])
    wanted = design.T @ (np.eye(len(class_names))[class_numbers] * weights[:, None])
    solved = 8 * np.linalg.solve(system + 0.03 * np.eye(len(system)), wanted)
    return a_head(class_names, backbone, solved[:-1].T, solved[-1])
