"""Part of a label kind that makes models: targets, head, loss, calibration, and the head in the exported file.

A kind has one of three forms: `Modelling`, whose head takes embeddings of the frozen backbone, of plain images or of augmented
views; `map_modelling.MapModelling`, whose head takes feature maps; or `NothingTrained`. torch and onnx are imported only in the
functions that need them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import polars as pl

if TYPE_CHECKING:
    import onnx
    from torch import Tensor, nn

    from pipeline_tasks.settings import TrainingSettings

Arrays = Mapping[str, npt.NDArray[Any]]
"""Weights of a head by name, as stored in a candidate."""
Metrics = dict[str, float]


@dataclass(frozen=True)
class Scaling:
    """Scaling of a head's inputs: (embeddings - mean) / spread."""

    mean: npt.NDArray[Any]
    spread: npt.NDArray[Any]
    reach: float | None
    """Median of the squared distances of training images from the mean, in spreads; None if far embeddings stay where they are."""


class Objective(Protocol):
    """Loss of one training, and metrics of an epoch."""

    @property
    def module(self) -> nn.Module:
        """State of the objective for a checkpoint."""
        ...

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Loss of one batch."""
        ...

    def metrics(self, outputs: Tensor, targets: Tensor) -> Metrics:
        """Metrics on all validation images: `val_loss`; `val_scaled_loss`, which chooses the epoch; `val_` + the score."""
        ...


@dataclass(frozen=True)
class NothingTrained:
    """Modelling of a kind that trains no model; its nights end with the labels, versions and reports."""

    why: str
    """The reason, as the end of a sentence: `a model of texts cannot be trained on a CPU in minutes`."""

    def why_not_train(self, rows: pl.DataFrame) -> str:
        """The reason, whatever the rows are."""
        return self.why


class Modelling(Protocol):
    """Training and export of a kind whose heads take embeddings."""

    @property
    def has_places(self) -> bool:
        """Return True if targets say where something is; augmented views are then not cropped or mirrored."""
        ...

    def why_not_train(self, rows: pl.DataFrame) -> str:
        """Reason why the training rows of a dataset version are not enough, as the end of a sentence; empty if they are."""
        ...

    def targets(self, rows: pl.DataFrame) -> npt.NDArray[Any]:
        """Target of each row of a dataset version (`Freezing.keeps_objects` says of which columns): N values or N rows."""
        ...

    def can_choose_epochs(self, val_targets: npt.NDArray[Any]) -> bool:
        """Return True if there are enough validation images to choose an epoch."""
        ...

    def new_head(self, dimensions: int) -> nn.Module:
        """An untrained head over embeddings of this length."""
        ...

    def objective(self, targets: npt.NDArray[Any], settings: TrainingSettings) -> Objective:
        """Objective of a training on these targets."""
        ...

    def head_arrays(self, head: nn.Module, scaling: Scaling | None = None) -> Arrays:
        """Weights of a head; a head for scaled embeddings is converted to take plain ones."""
        ...

    def never_shown(self, targets: npt.NDArray[Any]) -> tuple[str, ...]:
        """Names of the vocabulary that no training target has, so that nothing is known of them."""
        ...

    def without_never_shown(self, arrays: Arrays, targets: npt.NDArray[Any]) -> Arrays:
        """The head that gives these names a probability of 0."""
        ...

    def head_of(self, arrays: Arrays) -> nn.Module:
        """The head with these weights: embeddings → outputs before calibration."""
        ...

    def outputs(self, arrays: Arrays, embeddings: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The same with numpy: N x D embeddings → outputs before calibration."""
        ...

    def temperature(self, outputs: npt.NDArray[Any], targets: npt.NDArray[Any]) -> float:
        """Calibration temperature from validation images; 1.0 changes nothing."""
        ...

    def extend_graph(self, graph: onnx.GraphProto, features: str, arrays: Arrays, temperature: float) -> None:
        """Append head and calibration to a graph that computes `features` (N x D), and declare its outputs.

        Raises:
            ModelError: the weights are not of this kind.
        """
        ...

    def check_parity(self, outputs: npt.NDArray[Any], temperature: float, found: list[Mapping[str, npt.NDArray[Any]]]) -> float:
        """Greatest difference between torch (N outputs before calibration) and the file (its outputs for each image).

        Raises:
            ParityError: the file's predictions differ.
        """
        ...


@runtime_checkable
class Contracting(Protocol):
    """The modelling of a kind whose heads are certain only of images like those of the training."""

    def within_reach(self, arrays: Arrays, scaling: Scaling) -> Arrays:
        """The head with a contraction for these embeddings; its weights stay as they are."""
        ...


@runtime_checkable
class Grouped(Protocol):
    """The modelling of a kind whose images can be drawn more or less often by what they show."""

    def draw_groups(self, targets: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """Number of the group of each target; as many images are drawn of each group."""
        ...


@runtime_checkable
class Sharing(Protocol):
    """The modelling of a kind whose targets can be shared between two images, so that views may mix them."""

    def shared_targets(self, targets: npt.NDArray[Any], others: npt.NDArray[Any], shares: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """N targets of which the others have these shares; the loss is that of both, each weighted by its share."""
        ...


@runtime_checkable
class Linear(Protocol):
    """The modelling of a kind that a linear model on features can answer for, as a baseline (not as a candidate)."""

    def why_not_train(self, rows: pl.DataFrame) -> str:
        """As of `Modelling`."""
        ...

    def targets(self, rows: pl.DataFrame) -> npt.NDArray[Any]:
        """As of `Modelling`."""
        ...

    def indicators(self, targets: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """1 for each name of the vocabulary that a target has, else 0: N x C."""
        ...

    def outputs_of(
        self, scores: npt.NDArray[np.float64], left_out: npt.NDArray[np.float64], indicators: npt.NDArray[np.float64]
    ) -> list[Mapping[str, npt.NDArray[Any]]]:
        """Outputs for the decoder, an image each, from scores near the indicators; `left_out` are those of the training images."""
        ...
