"""Decoding of a classifier's probabilities to objects and predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline_tasks.json_values import Json, JsonObject
from pipeline_tasks.kinds.classes.class_object import ClassObject
from pipeline_tasks.kinds.decoding import CENTRE, Outline, Outputs, Size
from pipeline_tasks.kinds.suggesting import NO_SUGGESTION, Suggested, suggested

PROBABILITIES = "probabilities"
"""The output of a classifier's file: float32 N x C."""
_DIGITS = 6


@dataclass(frozen=True)
class ClassPrediction:
    """The most probable class, and all classes."""

    class_name: str
    probability: float
    probabilities: dict[str, float]
    is_unsure: bool


@dataclass(frozen=True)
class ClassDecoding:
    """Decoding of the outputs of a model with these classes."""

    class_names: tuple[str, ...]
    output_names = (PROBABILITIES,)
    framing = CENTRE

    def decode(self, outputs: Outputs, size_px: Size) -> tuple[ClassObject, ...]:
        """All classes with their probabilities, in the order of the model's classes."""
        return tuple(ClassObject(name, float(one)) for name, one in zip(self.class_names, outputs[PROBABILITIES], strict=True))

    def predict(self, objects: Sequence[ClassObject], size_px: Size, min_confidence: float) -> ClassPrediction:
        """The most probable class (the first of equal ones), and the probabilities of all."""
        probabilities = {one.class_name: one.probability or 0.0 for one in objects}
        best = max(probabilities, key=lambda name: probabilities[name])
        # Compare in the model's precision, so that 0.9 is not below 0.9.
        is_unsure = bool(np.float32(probabilities[best]) < np.float32(min_confidence))
        return ClassPrediction(best, probabilities[best], probabilities, is_unsure)

    def suggest(self, objects: Sequence[ClassObject], size_px: Size, min_confidence: float) -> Suggested[ClassObject]:
        """The most probable class, unless the model is unsure."""
        told = self.predict(objects, size_px, min_confidence)
        return NO_SUGGESTION if told.is_unsure else suggested([ClassObject(told.class_name)], [told.probability])

    def read_prediction(self, fields: JsonObject) -> ClassPrediction:
        """A prediction from a line of the server's log, or from a row of `predictions`."""
        probabilities = {str(name): float(one) for name, one in fields.get("probabilities", {}).items()}
        is_unsure = bool(fields.get("is_unsure", False))
        return ClassPrediction(str(fields["class_name"]), float(fields["probability"]), probabilities, is_unsure)

    def headline(self, prediction: ClassPrediction) -> str:
        """The most probable class."""
        return prediction.class_name

    def says(self, prediction: ClassPrediction) -> str:
        """The most probable class with its probability."""
        return f"{prediction.class_name}, probability {prediction.probability:.3f}"

    def outlines(self, prediction: ClassPrediction, size_px: Size) -> tuple[Outline, ...]:
        """The most probable class in words."""
        return (Outline(prediction.class_name, self.says(prediction)),)

    def as_recorded(self, outputs: Outputs) -> dict[str, Json]:
        """The probabilities of one image."""
        return {PROBABILITIES: [round(float(one), _DIGITS) for one in outputs[PROBABILITIES]]}

    def difference(self, outputs: Outputs, recorded: Mapping[str, Json]) -> float:
        """Greatest difference between two probabilities."""
        wanted, found = np.asarray(recorded[PROBABILITIES], dtype=np.float32), outputs[PROBABILITIES]
        if not found.shape == wanted.shape == (len(self.class_names),):
            raise ValueError(f"wanted {len(self.class_names)} probabilities, found {found.shape}")
        return float(np.abs(found - wanted).max())


def softmax(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Convert logits (N x C) to probabilities, without overflow."""
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: npt.NDArray[np.float32] = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities
