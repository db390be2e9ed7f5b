"""Predictions of texts. No model of Nightlens makes them; the form is that of a model of your own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline_tasks.json_values import Json, JsonObject
from pipeline_tasks.kinds.decoding import WHOLE, Outline, Outputs, Size
from pipeline_tasks.kinds.suggesting import NO_SUGGESTION, Suggested, suggested
from pipeline_tasks.kinds.texts.text_object import Text

CODE_POINTS = "code_points"
"""The output: int32, the Unicode code points of the text of one image, padded with -1."""
CONFIDENCE = "confidence"
"""The output: float32, one number an image."""


@dataclass(frozen=True)
class TextPrediction:
    """The text of an image."""

    text: str
    confidence: float
    is_unsure: bool


@dataclass(frozen=True)
class TextDecoding:
    """Decoding of the text of the whole image."""

    output_names = (CODE_POINTS, CONFIDENCE)
    framing = WHOLE

    def decode(self, outputs: Outputs, size_px: Size) -> tuple[Text, ...]:
        """The text; nothing for an empty one."""
        text = "".join(chr(int(one)) for one in outputs[CODE_POINTS].ravel() if one >= 0)
        return (Text(text, confidence=float(outputs[CONFIDENCE])),) if text else ()

    def predict(self, objects: Sequence[Text], size_px: Size, min_confidence: float) -> TextPrediction:
        """All texts, a line each, with the lowest confidence."""
        confidence = min((one.confidence or 0.0 for one in objects), default=0.0)
        is_unsure = bool(np.float32(confidence) < np.float32(min_confidence))
        return TextPrediction("\n".join(one.text for one in objects), confidence, is_unsure)

    def suggest(self, objects: Sequence[Text], size_px: Size, min_confidence: float) -> Suggested[Text]:
        """The text, unless the model is unsure."""
        told = self.predict(objects, size_px, min_confidence)
        return NO_SUGGESTION if told.is_unsure else suggested(objects, [one.confidence or 0.0 for one in objects])

    def read_prediction(self, fields: JsonObject) -> TextPrediction:
        """A prediction from a line of the server's log, or from a row of `predicted_objects`."""
        return TextPrediction(
            str(fields.get("text") or ""), float(fields.get("confidence") or 0), bool(fields.get("is_unsure", False))
        )

    def headline(self, prediction: TextPrediction) -> str:
        """Presence of a text."""
        return "text" if prediction.text else "none"

    def says(self, prediction: TextPrediction) -> str:
        """The text with its confidence."""
        return f"{prediction.text!r}, confidence {prediction.confidence:.3f}"

    def outlines(self, prediction: TextPrediction, size_px: Size) -> tuple[Outline, ...]:
        """The text in words."""
        return (Outline("text", self.says(prediction)),)

    def as_recorded(self, outputs: Outputs) -> dict[str, Json]:
        """The outputs of one image."""
        return {CODE_POINTS: [int(one) for one in outputs[CODE_POINTS].ravel()], CONFIDENCE: round(float(outputs[CONFIDENCE]), 6)}

    def difference(self, outputs: Outputs, recorded: Mapping[str, Json]) -> float:
        """Difference of the confidences; 1 for different texts."""
        is_other = self.as_recorded(outputs)[CODE_POINTS] != recorded[CODE_POINTS]
        return 1.0 if is_other else float(np.abs(float(outputs[CONFIDENCE]) - np.float64(str(recorded[CONFIDENCE]))))
