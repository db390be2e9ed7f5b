"""Optional part of a kind's decoding: a model's objects as a person would have given them, to be shown to people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

from pipeline_tasks.kinds.decoding import Size

T = TypeVar("T")
"""The kind's dataclass for one object."""


@dataclass(frozen=True)
class Suggested(Generic[T]):
    """Objects that a model tells of one image; none if it sees nothing, or is unsure."""

    objects: tuple[T, ...] = ()
    confidences: tuple[float, ...] = ()
    """The model's confidence of each object."""
    confidence: float | None = None
    """Confidence of the whole suggestion: of its least sure part; None without objects."""


NO_SUGGESTION: Suggested[Any] = Suggested()


@runtime_checkable
class Suggesting(Protocol[T]):
    """Decoding of a kind whose predictions can be shown to people, who keep or correct them."""

    def suggest(self, objects: Sequence[T], size_px: Size, min_confidence: float) -> Suggested[T]:
        """The objects that `Decoding.predict` tells at this confidence, in the form that `Labeling.write` takes."""
        ...


def suggested(objects: Sequence[T], confidences: Sequence[float]) -> Suggested[T]:
    """A suggestion that is as sure as its least sure object."""
    return Suggested(tuple(objects), tuple(confidences), min(confidences, default=None))
