"""The fields that a classifier's answer adds to what the prediction server says of every image."""

from __future__ import annotations

from pydantic import BaseModel


class ClassAnswer(BaseModel):
    """The most probable class, and all classes."""

    class_name: str
    probability: float
    probabilities: dict[str, float]
    is_unsure: bool
