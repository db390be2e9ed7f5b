"""The part of a label kind that reads a model's outputs: numpy only, shared by evaluation, `explain` and the prediction server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

import numpy.typing as npt

T = TypeVar("T")
Outputs = Mapping[str, npt.NDArray[Any]]
"""Name of an output of the model's file → its values for one image, without the dimension of images."""
Size = tuple[int, int]
"""Width and height of an image in pixels."""


class Decoding(Protocol[T]):
    """Outputs of a model → objects in the pixels of the image → what is answered."""

    @property
    def output_names(self) -> tuple[str, ...]:
        """The outputs that are asked of the file."""
        ...

    def decode(self, outputs: Outputs, size_px: Size) -> tuple[T, ...]:
        """The objects that a model sees in one image of this size, those of low confidence included."""
        ...

    def answer(self, objects: Sequence[T], min_confidence: float) -> dict[str, Any]:
        """The fields of the kind's `answer_model`, as JSON."""
        ...

    def headline(self, answer: Mapping[str, Any]) -> str:
        """An answer in one word, of which there are few: a label of the server's counters."""
        ...

    def describe(self, answer: Mapping[str, Any]) -> str:
        """An answer in a few words, as `explain` prints it."""
        ...

    def as_recorded(self, outputs: Outputs) -> dict[str, Any]:
        """A model's outputs for one smoke image, as JSON for the model's file."""
        ...

    def difference(self, outputs: Outputs, recorded: Mapping[str, Any]) -> float:
        """How far outputs lie from recorded ones, at most; NaN where a value is none.

        Raises:
            ValueError: they are not of the same shape.
        """
        ...
