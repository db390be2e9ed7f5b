"""Training and export of a model of several classes: a linear head on embeddings, a decision for each class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline_tasks.errors import ParityError
from pipeline_tasks.kinds.classes.decode import PROBABILITIES
from pipeline_tasks.kinds.classes.modelling import MAX_DIFFERENCE, NEVER_LOGIT, SHARPNESS, TIE, ClassModelling
from pipeline_tasks.kinds.classes.temperature import MIN_IMAGES, best_temperature
from pipeline_tasks.kinds.modelling import Arrays, Objective
from pipeline_tasks.kinds.multi_label.decode import PRESENT, sigmoid
from pipeline_tasks.kinds.multi_label.losses import log_loss

if TYPE_CHECKING:
    import onnx

    from pipeline_tasks.settings import TrainingSettings

MIN_VAL_PER_CLASS = 5
"""Minimum validation images with a class, in the mean over all classes, for choosing an epoch."""


def best_limit(scores: NDArray[np.float64], is_shown: NDArray[np.bool_]) -> float:
    """The score from which on a class is named so that its F1 is best; above all scores if no image shows it."""
    order = np.argsort(-scores, kind="stable")
    hits, named = np.cumsum(is_shown[order]), np.arange(1, len(scores) + 1)
    if not is_shown.any():
        return float(scores.max()) + 1.0
    return float(scores[order][int(np.argmax(2 * hits / (named + is_shown.sum())))])


@dataclass(frozen=True)
class MultiLabelModelling(ClassModelling):
    """Training and export of a model with these classes; weights, scaling and contraction are as in a classifier."""

    def why_not_train(self, rows: pl.DataFrame) -> str:
        """Reason: there is no class to tell apart."""
        images = self.targets(rows).sum(axis=0)
        if ((images > 0) & (images < rows.height)).any():
            return ""
        return "a model needs a class that some training images show and others do not"

    def targets(self, rows: pl.DataFrame) -> NDArray[np.float32]:
        """1 for each class of each row, else 0: N x C."""
        positions = {name: number for number, name in enumerate(self.class_names)}
        targets = np.zeros((rows.height, len(self.class_names)), np.float32)
        for row, objects in enumerate(rows["objects"].to_list()):
            targets[row, [positions[one["class_name"]] for one in objects or ()]] = 1
        return targets

    def indicators(self, targets: NDArray[Any]) -> NDArray[np.float64]:
        """The targets themselves."""
        return targets.astype(np.float64)

    def outputs_of(
        self, scores: NDArray[np.float64], left_out: NDArray[np.float64], indicators: NDArray[np.float64]
    ) -> list[Mapping[str, NDArray[Any]]]:
        """Probabilities that are at least a half where F1 of the training images is best."""
        limits = [best_limit(left_out[:, one], indicators[:, one] > 0) for one in range(indicators.shape[1])]
        return [{PROBABILITIES: one} for one in sigmoid(SHARPNESS * (scores - np.array(limits)))]

    def can_choose_epochs(self, val_targets: NDArray[Any]) -> bool:
        """Return True if there are enough validation images with a class, in the mean over all classes."""
        return bool(val_targets.sum() >= MIN_VAL_PER_CLASS * len(self.class_names))

    def objective(self, targets: NDArray[Any], settings: TrainingSettings) -> Objective:
        """Cross-entropy or focal loss of each class, presence and absence balanced if the settings say so."""
        from pipeline_tasks.kinds.multi_label.torch_head import MultiLabelObjective

        return MultiLabelObjective(targets, balance=settings.weights_classes, fit=settings.fit)

    def draw_groups(self, targets: NDArray[Any]) -> NDArray[np.int64]:
        """The rarest class of each image; images without a class are a group of their own."""
        counts = np.where(targets > 0, targets.sum(axis=0), np.inf)
        rarest = np.where(np.isinf(counts).all(axis=1), len(self.class_names), counts.argmin(axis=1))
        return np.asarray(rarest, np.int64)

    def never_shown(self, targets: NDArray[Any]) -> tuple[str, ...]:
        """Classes that no training image shows."""
        return tuple(name for name, images in zip(self.class_names, targets.sum(axis=0), strict=True) if not images)

    def without_never_shown(self, arrays: Arrays, targets: NDArray[Any]) -> Arrays:
        """The head whose logits of classes that no training image shows are far below 0, wherever an image lies."""
        is_shown = targets.sum(axis=0) > 0
        weight = np.where(is_shown[:, np.newaxis], arrays["weight"], np.float32(0))
        return {**arrays, "weight": weight, "bias": np.where(is_shown, arrays["bias"], np.float32(NEVER_LOGIT))}

    def temperature(self, outputs: NDArray[np.float32], targets: NDArray[Any]) -> float:
        """The temperature with the highest likelihood of the validation images; 1.0 if there are too few."""
        return best_temperature(lambda one: log_loss(outputs, targets, one)) if len(targets) >= MIN_IMAGES else 1.0

    def extend_graph(self, graph: onnx.GraphProto, features: str, arrays: Arrays, temperature: float) -> None:
        """Append logits, temperature and sigmoid."""
        from pipeline_tasks.kinds.classes.graph import extend_graph

        extend_graph(graph, features, arrays, temperature, self.class_names, activation="Sigmoid")

    def check_parity(self, outputs: NDArray[np.float32], temperature: float, found: list[Mapping[str, NDArray[Any]]]) -> float:
        """Greatest difference between two probabilities.

        Raises:
            ParityError: a probability differs by more than MAX_DIFFERENCE, or another class is predicted.
        """
        wanted, got = sigmoid(outputs / temperature), np.stack([one[PROBABILITIES] for one in found])
        difference = float(np.abs(wanted - got).max())
        changed = int((((wanted >= PRESENT) != (got >= PRESENT)) & (np.abs(wanted - PRESENT) > TIE)).any(axis=1).sum())
        if not difference <= MAX_DIFFERENCE or changed:
            raise ParityError(
                f"exported model: wanted probabilities within {MAX_DIFFERENCE} of PyTorch's and the same predictions, "
                f"found a difference of {difference:.2e} and {changed} other predictions on {len(found)} images"
            )
        return difference
