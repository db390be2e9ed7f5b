"""Fields that a classifier adds to the prediction server's response."""

from __future__ import annotations

from pydantic import BaseModel


class ClassPredictionModel(BaseModel):
    """The most probable class, and all classes."""

    class_name: str
    probability: float
    probabilities: dict[str, float]
    is_unsure: bool
