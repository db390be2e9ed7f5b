"""Fields that a model of texts adds to the prediction server's response."""

from __future__ import annotations

from pydantic import BaseModel


class TextPredictionModel(BaseModel):
    """The text of an image."""

    text: str
    confidence: float
    is_unsure: bool
