"""Training and export of a classifier: a linear head on embeddings, balanced classes, a temperature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline_tasks.errors import ParityError
from pipeline_tasks.kinds.classes.contraction import arrays_of, contraction_of
from pipeline_tasks.kinds.classes.decode import PROBABILITIES, softmax
from pipeline_tasks.kinds.classes.temperature import fit_temperature
from pipeline_tasks.kinds.modelling import Arrays, Objective, Scaling

if TYPE_CHECKING:
    import onnx
    from torch import nn

    from pipeline_tasks.settings import TrainingSettings

MIN_CLASSES = 2
MIN_VAL_PER_CLASS = 10
"""Minimum validation images a class for choosing an epoch; with fewer, the choice would be chance."""
MAX_DIFFERENCE = 1e-3
"""Maximum difference between two probabilities of the same image and class."""
NEVER_LOGIT = -1e9
"""Logit of a class without a training image: its probability is exactly 0 at every temperature, and no infinity is in the file."""
SHARPNESS = 10.0
"""Factor of a linear model's scores, which are about 0 to 1, as logits."""
TIE = 1e-5
"""Two classes nearer than this may swap ranks."""


@dataclass(frozen=True)
class ClassModelling:
    """Training and export of a classifier with these classes."""

    class_names: tuple[str, ...]
    has_places: bool = False

    def why_not_train(self, rows: pl.DataFrame) -> str:
        """Reason: a model needs at least two classes."""
        classes = rows["class_name"].n_unique()
        few = f"a model needs training images of at least {MIN_CLASSES} classes, the version has {classes}"
        return few if classes < MIN_CLASSES else ""

    def targets(self, rows: pl.DataFrame) -> NDArray[Any]:
        """Class of each row, as its position in the class list."""
        positions = {name: number for number, name in enumerate(self.class_names)}
        return np.array([positions[name] for name in rows["class_name"]], np.int64)

    def indicators(self, targets: NDArray[Any]) -> NDArray[np.float64]:
        """1 in the column of each row's class."""
        found: NDArray[np.float64] = np.eye(len(self.class_names))[targets]
        return found

    def shared_targets(self, targets: NDArray[Any], others: NDArray[Any], shares: NDArray[Any]) -> NDArray[np.float32]:
        """Share of each class, N x C."""
        theirs = shares[:, np.newaxis].astype(np.float64)
        return ((1 - theirs) * self.indicators(targets) + theirs * self.indicators(others)).astype(np.float32)

    def outputs_of(
        self, scores: NDArray[np.float64], left_out: NDArray[np.float64], indicators: NDArray[np.float64]
    ) -> list[Mapping[str, NDArray[Any]]]:
        """Probabilities in the order of the scores."""
        return [{PROBABILITIES: one} for one in softmax((SHARPNESS * scores).astype(np.float32))]

    def can_choose_epochs(self, val_targets: NDArray[np.int64]) -> bool:
        """Return True if there are enough validation images in the mean over all classes."""
        return len(val_targets) >= MIN_VAL_PER_CLASS * len(self.class_names)

    def new_head(self, dimensions: int) -> nn.Module:
        """A linear layer of zeros."""
        from pipeline_tasks.kinds.classes.torch_head import new_head

        return new_head(dimensions, len(self.class_names))

    def objective(self, targets: NDArray[Any], settings: TrainingSettings) -> Objective:
        """Cross-entropy or focal loss, classes balanced if the settings say so."""
        from pipeline_tasks.kinds.classes.torch_head import ClassObjective

        return ClassObjective(targets, len(self.class_names), balance=settings.weights_classes, fit=settings.fit)

    def draw_groups(self, targets: NDArray[Any]) -> NDArray[np.int64]:
        """The class of each image."""
        return np.asarray(targets, np.int64)

    def head_arrays(self, head: nn.Module, scaling: Scaling | None = None) -> dict[str, NDArray[np.float32]]:
        """Weight (C x D) and bias (C), with the scaling of the embeddings included, and the contraction of those far out."""
        tensors = {name: tensor.detach().numpy() for name, tensor in head.state_dict().items()}
        if scaling is None:
            return tensors
        weight = tensors["weight"] / scaling.spread
        bias = tensors["bias"] - weight @ scaling.mean
        return {"weight": weight.astype(np.float32), "bias": bias.astype(np.float32), **arrays_of(scaling)}

    def within_reach(self, arrays: Arrays, scaling: Scaling) -> Arrays:
        """The head with the contraction of embeddings that lie far out in this scaling."""
        return {**arrays, **arrays_of(scaling)}

    def never_shown(self, targets: NDArray[np.int64]) -> tuple[str, ...]:
        """Classes without a training image."""
        shown = set(targets.tolist())
        return tuple(name for number, name in enumerate(self.class_names) if number not in shown)

    def without_never_shown(self, arrays: Arrays, targets: NDArray[np.int64]) -> Arrays:
        """The head whose logits of classes without a training image are far below all others, wherever an image lies."""
        is_shown = np.isin(np.arange(len(self.class_names)), targets)
        weight = np.where(is_shown[:, np.newaxis], arrays["weight"], np.float32(0))
        return {**arrays, "weight": weight, "bias": np.where(is_shown, arrays["bias"], np.float32(NEVER_LOGIT))}

    def head_of(self, arrays: Arrays) -> nn.Module:
        """A linear layer."""
        from pipeline_tasks.kinds.classes.torch_head import head_of

        return head_of(arrays)

    def outputs(self, arrays: Arrays, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits, N x C."""
        contraction = contraction_of(arrays)
        near = embeddings if contraction is None else contraction.apply(embeddings)
        logits: NDArray[np.float32] = near @ arrays["weight"].T + arrays["bias"]
        return logits

    def temperature(self, outputs: NDArray[np.float32], targets: NDArray[np.int64]) -> float:
        """The temperature with the highest likelihood of the validation images."""
        return fit_temperature(outputs, targets)

    def extend_graph(self, graph: onnx.GraphProto, features: str, arrays: Arrays, temperature: float) -> None:
        """Append logits, temperature and softmax."""
        from pipeline_tasks.kinds.classes.graph import extend_graph

        extend_graph(graph, features, arrays, temperature, self.class_names)

    def check_parity(self, outputs: NDArray[np.float32], temperature: float, found: list[Mapping[str, NDArray[Any]]]) -> float:
        """Greatest difference between two probabilities.

        Raises:
            ParityError: a probability differs by more than MAX_DIFFERENCE, or another class wins.
        """
        wanted, got = softmax(outputs / temperature), np.stack([one[PROBABILITIES] for one in found])
        difference = float(np.abs(wanted - got).max())
        lost = wanted.max(axis=1) - np.take_along_axis(wanted, got.argmax(axis=1)[:, np.newaxis], axis=1)[:, 0]
        changed = int((lost > TIE).sum())
        if not difference <= MAX_DIFFERENCE or changed:
            raise ParityError(
                f"exported model: wanted probabilities within {MAX_DIFFERENCE} of PyTorch's and the same predictions, "
                f"found a difference of {difference:.2e} and {changed} other predictions on {len(found)} images"
            )
        return difference
