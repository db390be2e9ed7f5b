"""Fields that a model of several classes adds to the prediction server's response."""

from __future__ import annotations

from pydantic import BaseModel


class MultiLabelPredictionModel(BaseModel):
    """The predicted classes, and all classes."""

    class_names: list[str]
    probabilities: dict[str, float]
    is_unsure: bool
