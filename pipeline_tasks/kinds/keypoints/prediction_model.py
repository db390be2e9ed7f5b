"""Fields that a model of keypoints adds to the prediction server's response."""

from __future__ import annotations

from pydantic import BaseModel


class KeypointModel(BaseModel):
    """One point in pixels of the image."""

    name: str
    x_px: float
    y_px: float
    confidence: float


class ThingModel(BaseModel):
    """One thing with its points."""

    class_name: str
    points: list[KeypointModel]
    confidence: float


class KeypointPredictionModel(BaseModel):
    """The things in an image."""

    things: list[ThingModel]
    is_unsure: bool
