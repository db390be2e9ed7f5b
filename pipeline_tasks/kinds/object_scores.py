"""Name and score of each predicted object, of any label kind; for the edge agent, which has numpy alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, runtime_checkable


@runtime_checkable
class _Sure(Protocol):
    class_name: str
    confidence: float | None


@runtime_checkable
class _Probable(Protocol):
    class_name: str
    probability: float | None


def object_scores(objects: Iterable[object]) -> Iterator[tuple[str, float]]:
    """Yield the class of each object and its score, from 0 to 1. Objects without a class, such as texts, are left out."""
    for one in objects:
        if isinstance(one, _Sure):
            yield one.class_name, float(one.confidence or 0.0)
        elif isinstance(one, _Probable):
            yield one.class_name, float(one.probability or 0.0)
