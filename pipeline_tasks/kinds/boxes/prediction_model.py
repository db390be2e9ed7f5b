"""Fields that a detector adds to the prediction server's response."""

from __future__ import annotations

from pydantic import BaseModel, Field


class PredictedBoxModel(BaseModel):
    """One box in pixels of the upright image, measured at the edges of pixels."""

    class_name: str
    confidence: float
    x_min_px: float
    y_min_px: float
    width_px: float
    height_px: float


class BoxPredictionModel(BaseModel):
    """The boxes that are sure enough, the surest first."""

    objects: list[PredictedBoxModel]
    left_out: int = Field(description="Number of boxes below the project's `serving.min_confidence`, or below 0.25 if that is 0.")
