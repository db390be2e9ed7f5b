"""The part of a label kind that makes models: targets, head, loss, calibration, and the head's piece of the exported file.

A head stands on the embedding of the frozen backbone, plain or of augmented views. What needs torch or onnx is imported where
it is called.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy.typing as npt
import polars as pl

if TYPE_CHECKING:
    import onnx
    from torch import Tensor, nn

    from pipeline_tasks.settings import TrainingSettings

Arrays = Mapping[str, npt.NDArray[Any]]
"""The weights of a head by their names, as a candidate keeps them."""
Metrics = dict[str, float]


@dataclass(frozen=True)
class Scaling:
    """Embeddings were given to a head as (embeddings - mean) / spread."""

    mean: npt.NDArray[Any]
    spread: npt.NDArray[Any]


class Objective(Protocol):
    """The loss of one training, and the figures of an epoch."""

    @property
    def module(self) -> nn.Module:
        """What a checkpoint keeps of the objective."""
        ...

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The loss of one batch."""
        ...

    def metrics(self, outputs: Tensor, targets: Tensor) -> Metrics:
        """Figures on all validation images: `val_loss`; `val_scaled_loss`, whose lowest epoch is kept; `val_` + the score."""
        ...


class Modelling(Protocol):
    """Training and export of one kind."""

    def why_not_train(self, rows: pl.DataFrame) -> str:
        """Why nothing can be learnt from the training rows of a dataset version, as the end of a sentence; empty if it can."""
        ...

    def targets(self, rows: pl.DataFrame) -> npt.NDArray[Any]:
        """What a model shall say of each row of a dataset version; N values or N rows of them."""
        ...

    def can_choose_epochs(self, val_targets: npt.NDArray[Any]) -> bool:
        """Whether these validation images can tell one epoch from another."""
        ...

    def new_head(self, dimensions: int) -> nn.Module:
        """A head over embeddings of this length, before its first step."""
        ...

    def objective(self, targets: npt.NDArray[Any], settings: TrainingSettings) -> Objective:
        """The objective of a training on these targets."""
        ...

    def head_arrays(self, head: nn.Module, scaling: Scaling | None = None) -> Arrays:
        """The weights of a head; one that was trained on scaled embeddings is changed so that it takes plain ones."""
        ...

    def head_of(self, arrays: Arrays) -> nn.Module:
        """The head with these weights: embeddings → outputs before calibration."""
        ...

    def outputs(self, arrays: Arrays, embeddings: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The same with numpy: N x D embeddings → outputs before calibration."""
        ...

    def temperature(self, outputs: npt.NDArray[Any], targets: npt.NDArray[Any]) -> float:
        """One number that makes the confidences honest on validation images; 1.0 changes nothing."""
        ...

    def extend_graph(self, graph: onnx.GraphProto, features: str, arrays: Arrays, temperature: float) -> None:
        """Append head and calibration to a graph that computes `features` (N x D), and declare its outputs.

        Raises:
            ModelError: the weights are not of this kind.
        """
        ...

    def check_parity(self, outputs: npt.NDArray[Any], temperature: float, found: list[Mapping[str, npt.NDArray[Any]]]) -> float:
        """The greatest difference between torch (N outputs before calibration) and the file (its outputs for each image).

        Raises:
            ParityError: the file says something else.
        """
        ...
