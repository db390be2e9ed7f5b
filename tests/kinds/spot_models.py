"""Models of spots: four numbers from an embedding, as shares of the image's sides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline_tasks.kinds.modelling import Arrays, Metrics, Scaling
from pipeline_tasks.kinds.scoring import Floats

BOX = "box"
"""The output: float32 N x 4: x, y, width, height."""


class SpotModelling:
    has_places = True

    def why_not_train(self, rows: pl.DataFrame) -> str:
        return "" if rows.height >= 4 else f"a model needs 4 spots, the version has {rows.height}"

    def targets(self, rows: pl.DataFrame) -> npt.NDArray[np.float32]:
        boxes = [
            [one["x_min_px"] / wide, one["y_min_px"] / high, one["width_px"] / wide, one["height_px"] / high]
            for (one,), wide, high in rows.select("objects", "width_px", "height_px").iter_rows()
        ]
        return np.array(boxes, np.float32).reshape(-1, 4)

    def can_choose_epochs(self, val_targets: npt.NDArray[Any]) -> bool:
        return False

    def new_head(self, dimensions: int) -> Any:
        from torch import nn

        head = nn.Linear(dimensions, 4)
        nn.init.zeros_(head.weight)
        nn.init.constant_(head.bias, 0.25)
        return head

    def objective(self, targets: npt.NDArray[Any], settings: Any) -> SpotObjective:
        return SpotObjective()

    def head_arrays(self, head: Any, scaling: Scaling | None = None) -> Arrays:
        weight, bias = (one.detach().numpy() for one in (head.weight, head.bias))
        if scaling is not None:
            weight = weight / scaling.spread
            bias = bias - weight @ scaling.mean
        return {"weight": weight.astype(np.float32), "bias": bias.astype(np.float32)}

    def never_shown(self, targets: npt.NDArray[Any]) -> tuple[str, ...]:
        return ()

    def without_never_shown(self, arrays: Arrays, targets: npt.NDArray[Any]) -> Arrays:
        return arrays

    def head_of(self, arrays: Arrays) -> Any:
        import torch

        head = torch.nn.Linear(arrays["weight"].shape[1], 4)
        head.load_state_dict({name: torch.from_numpy(np.array(values)) for name, values in arrays.items()})
        return head

    def outputs(self, arrays: Arrays, embeddings: npt.NDArray[Any]) -> npt.NDArray[Any]:
        found: npt.NDArray[Any] = embeddings @ arrays["weight"].T + arrays["bias"]
        return found

    def temperature(self, outputs: npt.NDArray[Any], targets: npt.NDArray[Any]) -> float:
        return 1.0

    def extend_graph(self, graph: Any, features: str, arrays: Arrays, temperature: float) -> None:
        from onnx import TensorProto, helper, numpy_helper

        graph.initializer.extend(numpy_helper.from_array(values, f"head_{name}") for name, values in arrays.items())
        graph.node.append(helper.make_node("Gemm", [features, "head_weight", "head_bias"], [BOX], name="head", transB=1))
        graph.output.append(helper.make_tensor_value_info(BOX, TensorProto.FLOAT, ["n", 4]))

    def check_parity(self, outputs: npt.NDArray[Any], temperature: float, found: list[Mapping[str, npt.NDArray[Any]]]) -> float:
        return float(np.abs(outputs - np.stack([one[BOX] for one in found])).max())


class SpotObjective:
    def __init__(self) -> None:
        from torch import nn

        self.module = nn.Module()

    def loss(self, outputs: Any, targets: Any) -> Any:
        return ((outputs - targets) ** 2).mean()

    def metrics(self, outputs: Any, targets: Any) -> Metrics:
        loss = float(self.loss(outputs, targets))
        return {"val_loss": loss, "val_scaled_loss": loss, "val_iou": float(overlap(targets.numpy(), outputs.numpy()).mean())}


def overlap(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> Floats:
    """Area that both boxes of each row share, over the area of either; rows of x, y, width, height."""
    low, high = np.maximum(one[:, :2], other[:, :2]), np.minimum(one[:, :2] + one[:, 2:], other[:, :2] + other[:, 2:])
    both = np.clip(high - low, 0, None).prod(axis=1)
    areas = one[:, 2:].prod(axis=1) + other[:, 2:].prod(axis=1) - both
    found: Floats = both / np.maximum(areas, 1e-9)
    return found
