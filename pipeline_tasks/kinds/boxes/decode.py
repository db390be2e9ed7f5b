"""Decoding of a detector's outputs to boxes and predictions. The file has suppressed and sorted them; here they get pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.decoding import WHOLE, Outline, Outputs, Size
from pipeline_tasks.kinds.map_heads.outputs import BOXES, CLASS_NUMBERS, SCORES
from pipeline_tasks.kinds.suggesting import Suggested, suggested
from pipeline_tasks.kinds.sure_objects import ObjectDecoding, sure_enough


@dataclass(frozen=True)
class PredictedBox:
    """One box of a prediction, in pixels of the image."""

    class_name: str
    confidence: float
    x_min_px: float
    y_min_px: float
    width_px: float
    height_px: float


@dataclass(frozen=True)
class BoxPrediction:
    """The boxes that are sure enough, the surest first."""

    objects: tuple[PredictedBox, ...]
    left_out: int
    """Number of boxes below the threshold."""


@dataclass(frozen=True)
class BoxDecoding(ObjectDecoding):
    """Decoding of the outputs of a model with these classes."""

    class_names: tuple[str, ...]
    output_names = (BOXES, SCORES, CLASS_NUMBERS)
    framing = WHOLE

    def decode(self, outputs: Outputs, size_px: Size) -> tuple[Box, ...]:
        """Boxes of any confidence inside an image of this size, the surest first."""
        is_box = outputs[SCORES] > 0
        corners = in_pixels(outputs[BOXES][is_box], size_px)
        found = zip(corners, outputs[SCORES][is_box].tolist(), outputs[CLASS_NUMBERS][is_box].tolist(), strict=True)
        return tuple(
            Box(self.class_names[number], left, top, right - left, bottom - top, confidence=score)
            for (left, top, right, bottom), score, number in found
            if right > left and bottom > top
        )

    def predict(self, objects: Sequence[Box], size_px: Size, min_confidence: float) -> BoxPrediction:
        """The boxes of at least this confidence; of 0, which no project has chosen, of at least USUAL_CONFIDENCE."""
        found = tuple(
            PredictedBox(one.class_name, one.confidence or 0, one.x_min_px, one.y_min_px, one.width_px, one.height_px)
            for one in sure_enough(objects, min_confidence)
        )
        return BoxPrediction(found, len(objects) - len(found))

    def suggest(self, objects: Sequence[Box], size_px: Size, min_confidence: float) -> Suggested[Box]:
        """The boxes that a prediction tells."""
        sure = sure_enough(objects, min_confidence)
        return suggested(sure, [one.confidence or 0.0 for one in sure])

    def read_prediction(self, fields: JsonObject) -> BoxPrediction:
        """A prediction from a line of the server's log, or the one box of a row of `predicted_objects`."""
        if "objects" in fields:
            return BoxPrediction(tuple(_box(one) for one in fields["objects"]), int(fields.get("left_out", 0)))
        return BoxPrediction((_box(fields),) if fields.get("class_name") else (), 0)

    def outlines(self, prediction: BoxPrediction, size_px: Size) -> tuple[Outline, ...]:
        """The four sides of each box."""
        return tuple(_outline(one) for one in prediction.objects)


def in_pixels(shares: npt.NDArray[np.float32], size_px: Size) -> npt.NDArray[np.float64]:
    """Corners in shares of the longer side → pixels of the image, cut at its border."""
    corners: npt.NDArray[np.float64] = np.clip(shares.astype(np.float64) * max(size_px), 0, np.array([*size_px, *size_px]))
    return corners


def _outline(box: PredictedBox) -> Outline:
    left, top, right, bottom = box.x_min_px, box.y_min_px, box.x_min_px + box.width_px, box.y_min_px + box.height_px
    return Outline(box.class_name, f"{box.class_name} {box.confidence:.2f}", (left, top, right, top, right, bottom, left, bottom))


def _box(fields: JsonObject) -> PredictedBox:
    sides = (float(fields[name] or 0) for name in ("x_min_px", "y_min_px", "width_px", "height_px"))
    return PredictedBox(str(fields["class_name"]), float(fields.get("confidence") or 0), *sides)
