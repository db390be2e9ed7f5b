"""Part of a label kind whose models say where something is: a head over feature maps of the whole image.

The maps are those of the frozen backbone at several strides, of plain images and of augmented views, computed once and stored.
torch and onnx are imported only in the functions that need them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy.typing as npt
import polars as pl

from pipeline_tasks.geometry.placement import Placement
from pipeline_tasks.geometry.turn import Turn
from pipeline_tasks.kinds.modelling import Arrays, Objective

if TYPE_CHECKING:
    import onnx
    from torch import nn

    from pipeline_tasks.settings import TrainingSettings


@dataclass(frozen=True)
class MapShape:
    """Shape of one feature map of a backbone at one side of its images."""

    channels: int
    height: int
    width: int
    stride: int
    """Pixels of the model-size image for each step of the map."""

    @property
    def values(self) -> int:
        """Number of values in the map."""
        return self.channels * self.height * self.width


Shapes = tuple[MapShape, ...]
"""Maps of a backbone, the finest first. A head takes them as one row: N x the sum of their values."""


Window = tuple[int, int, int, int]
"""Part of a view's square in pixels: left, top, right, bottom."""


@dataclass(frozen=True)
class Part:
    """One of several images in a view."""

    objects: Any
    """In the turned image."""
    placement: Placement
    window: Window
    """Part of the square that shows it, unless a later part lies over it; its sides are multiples of the finest stride."""


@dataclass(frozen=True)
class MapTraining:
    """Length and steps of one training."""

    views: int
    """Augmented views an image."""
    epochs: int
    patience_epochs: int | None
    """None: the last epoch is kept."""
    batch_size: int
    learning_rate: float
    weight_decay: float
    warm_up_steps: int
    averaging: float
    """Decay of the moving average of the weights, which are the result."""
    shares: tuple[float, ...] | None = None
    """Relative frequency of each training image in an epoch; None: each once."""


@runtime_checkable
class MapModelling(Protocol):
    """Training and export of a kind over feature maps; its decoding's framing is `whole`."""

    @property
    def may_mirror(self) -> bool:
        """Return True if an image in a mirror has the same objects in mirrored places, so that views may be mirrored."""
        ...

    def why_not_train(self, rows: pl.DataFrame) -> str:
        """Reason why the training rows of a dataset version are not enough, as the end of a sentence; empty if they are."""
        ...

    def objects(self, rows: pl.DataFrame) -> Sequence[Any]:
        """The objects of each row of a dataset version (with `objects`, `width_px`, `height_px`), as `placed` takes them."""
        ...

    def turned(self, objects: Any, turn: Turn) -> Any:
        """The objects of an image, as `objects` gives them, in the turned image."""
        ...

    def placed(self, objects: Any, placement: Placement, shapes: Shapes) -> npt.NDArray[Any]:
        """Target of an image in one view of it: an array of a shape that all views share."""
        ...

    def training(self, settings: TrainingSettings, train: Sequence[Any], val: Sequence[Any]) -> MapTraining:
        """Length and steps of a training on the objects of these training and validation images."""
        ...

    def new_head(self, shapes: Shapes) -> nn.Module:
        """An untrained head over maps of these shapes; it draws from torch's generator, which was seeded."""
        ...

    def objective(self, shapes: Shapes) -> Objective:
        """Loss and validation metrics."""
        ...

    def never_shown(self, train: Sequence[Any]) -> tuple[str, ...]:
        """Names of the vocabulary that no training image has, so that nothing is known of them."""
        ...

    def head_arrays(self, head: nn.Module, shapes: Shapes) -> Arrays:
        """Weights of a head with the shapes of its maps."""
        ...

    def final_head(self, arrays: Arrays) -> nn.Module:
        """The head with these weights as it is exported: maps, one argument each → a tuple of the decoding's outputs."""
        ...

    def head_graph(self, arrays: Arrays, map_names: Sequence[str]) -> onnx.ModelProto:
        """The same as a graph from inputs of these names to the decoding's outputs, the number of images free."""
        ...

    def check_parity(
        self, wanted: Sequence[Mapping[str, npt.NDArray[Any]]], found: Sequence[Mapping[str, npt.NDArray[Any]]]
    ) -> float:
        """Greatest difference between torch's outputs and the file's, of the same images.

        Raises:
            ParityError: the file's predictions differ.
        """
        ...


@runtime_checkable
class Composing(Protocol):
    """The modelling of a kind whose views may show several images, each thing at one place."""

    def composed(self, parts: Sequence[Part], shapes: Shapes) -> npt.NDArray[Any]:
        """Target of a view of these parts, of the shape of `placed`."""
        ...
