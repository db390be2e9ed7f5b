"""A class in an annotation, a label or a prediction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ClassObject:
    """A class that an image shows, as a person or a model says."""

    class_name: str
    probability: float | None = None
    """Given by a model; None where people said it."""


def as_columns(one: ClassObject) -> dict[str, Any]:
    """The object as columns of `annotation_objects` and `label_objects`."""
    return {"label_kind": "class", "class_name": one.class_name}


def from_columns(row: Mapping[str, Any]) -> ClassObject:
    """The object that a row of these tables, or of `predictions`, holds."""
    return ClassObject(str(row["class_name"]), row.get("probability"))
