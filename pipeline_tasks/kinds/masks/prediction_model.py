"""Fields that a segmenter adds to the prediction server's response."""

from __future__ import annotations

from pydantic import BaseModel, Field


class PredictedMaskModel(BaseModel):
    """The pixels of one class or one object in the upright image, with the smallest box around them."""

    class_name: str
    confidence: float = Field(description="Mean share of the class over its pixels; with `regions: instance` the object's score.")
    area_px: int
    x_min_px: int
    y_min_px: int
    width_px: int
    height_px: int
    rle: str = Field(description="COCO's compressed run lengths over the whole image.")


class MaskPredictionModel(BaseModel):
    """The masks that are sure enough, in the order of the classes; single objects the surest first."""

    objects: list[PredictedMaskModel]
    image_width_px: int = Field(description="Width of the upright image.")
    image_height_px: int
    left_out: int = Field(description="Number of masks below the project's `serving.min_confidence`.")
