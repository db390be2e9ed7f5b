"""Part of a label kind that reads a model's outputs: numpy only, for evaluation, `explain` and the prediction server."""

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
    """Decoding of a model's outputs to objects in image pixels, and to predictions."""

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the outputs to compute."""
        ...

    def decode(self, outputs: Outputs, size_px: Size) -> tuple[T, ...]:
        """Objects in one image of this size, including those of low confidence."""
        ...

    def answer(self, objects: Sequence[T], min_confidence: float) -> dict[str, Any]:
        """Fields of the kind's `answer_model`, as JSON."""
        ...

    def headline(self, answer: Mapping[str, Any]) -> str:
        """A prediction in one word of a small set, for the server's counters."""
        ...

    def says(self, answer: Mapping[str, Any]) -> str:
        """A prediction, or the main row of a recorded one, in a few words with its confidence."""
        ...

    def as_recorded(self, outputs: Outputs) -> dict[str, Any]:
        """A model's outputs for one smoke image, as JSON for the model's file."""
        ...

    def difference(self, outputs: Outputs, recorded: Mapping[str, Any]) -> float:
        """Greatest difference between outputs and recorded ones; NaN if a value is NaN.

        Raises:
            ValueError: their shapes differ.
        """
        ...
