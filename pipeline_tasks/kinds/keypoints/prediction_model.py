"""Fields that a model of keypoints adds to the prediction server's response."""

from __future__ import annotations

from pydantic import BaseModel, Field

from pipeline_tasks.kinds.boxes.prediction_model import PredictedBoxModel


class PredictedPointModel(BaseModel):
    """One point in pixels of the upright image."""

    name: str
    x_px: float
    y_px: float
    confidence: float = Field(description="Score of the point being in the image, at least 0.5; others are left out.")


class PredictedThingModel(PredictedBoxModel):
    """One thing with its box and its points, in pixels of the upright image."""

    points: list[PredictedPointModel]


class KeypointPredictionModel(BaseModel):
    """The things that are sure enough, the surest first."""

    objects: list[PredictedThingModel]
    left_out: int = Field(description="Number of things below the project's `serving.min_confidence`, or below 0.25 if that is 0.")
