"""Object of the kind `class`: a class in an annotation, a label or a prediction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ClassObject:
    """A class of an image, from an annotator or a model."""

    class_name: str
    probability: float | None = None
    """Set by a model; None for an annotator."""


def as_columns(one: ClassObject) -> dict[str, Any]:
    """Columns of the object in `annotation_objects` and `label_objects`."""
    return {"label_kind": "class", "class_name": one.class_name}


def from_columns(row: Mapping[str, Any]) -> ClassObject:
    """Read an object from a row of these tables or of `predictions`."""
    return ClassObject(str(row["class_name"]), row.get("probability"))
