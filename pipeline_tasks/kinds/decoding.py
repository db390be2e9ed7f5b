"""Part of a label kind that reads a model's outputs: numpy only, for evaluation, `explain` and the prediction server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from pipeline_tasks.json_values import Json, JsonObject

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")
"""The kind's dataclass for one object."""
P = TypeVar("P", bound="DataclassInstance")
"""The kind's frozen dataclass for one prediction, of JSON-able fields."""
Outputs = Mapping[str, npt.NDArray[Any]]
"""Name of an output of the model's file → its values for one image, without the dimension of images."""
Size = tuple[int, int]
"""Width and height of an image in pixels."""
Framing = Literal["centre", "whole"]
"""Part of an image that its model-size image shows."""
CENTRE: Framing = "centre"
"""The middle of the image, as embeddings are made of it."""
WHOLE: Framing = "whole"
"""All of the image, in the upper left of the square: pixels of the square times longer side / side are pixels of the image."""


@dataclass(frozen=True)
class Outline:
    """One object of a prediction as it is drawn over its image."""

    name: str
    """Objects of one name have one colour."""
    words: str
    """Empty for a line without words."""
    points_px: tuple[float, ...] = ()
    """Corners of a closed line, x and y by turns; without any, only the words are drawn."""
    mask: npt.NDArray[np.bool_] | None = None
    """Pixels to tint, height x width; None for no tint."""


class Decoding(Protocol[T, P]):
    """Decoding of a model's outputs to objects in image pixels, and to predictions."""

    @property
    def framing(self) -> Framing:
        """Part of an image that models of this kind see; `decode` undoes it."""
        ...

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the outputs to compute."""
        ...

    def decode(self, outputs: Outputs, size_px: Size) -> tuple[T, ...]:
        """Objects in one image of this size, including those of low confidence."""
        ...

    def predict(self, objects: Sequence[T], size_px: Size, min_confidence: float) -> P:
        """The prediction for an image of this size, with the fields of the kind's `prediction_model`."""
        ...

    def read_prediction(self, fields: JsonObject) -> P:
        """A prediction from a line of the server's log, or from the main row of a recorded one."""
        ...

    def headline(self, prediction: P) -> str:
        """A prediction in one word of a small set, for the server's counters."""
        ...

    def says(self, prediction: P) -> str:
        """A prediction in a few words with its confidence."""
        ...

    def outlines(self, prediction: P, size_px: Size) -> tuple[Outline, ...]:
        """The prediction as it is drawn over an image of this size."""
        ...

    def as_recorded(self, outputs: Outputs) -> dict[str, Json]:
        """A model's outputs for one smoke image, as JSON for the model's file."""
        ...

    def difference(self, outputs: Outputs, recorded: Mapping[str, Json]) -> float:
        """Greatest difference between outputs and recorded ones; NaN if a value is NaN.

        Raises:
            ValueError: their shapes differ.
        """
        ...
