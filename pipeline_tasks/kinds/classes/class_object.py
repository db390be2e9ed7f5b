"""Object of the kind `class`: a class in an annotation, a label or a prediction."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ClassObject:
    """A class of an image, from an annotator or a model."""

    class_name: str
    probability: float | None = None
    """Set by a model; None for an annotator."""
