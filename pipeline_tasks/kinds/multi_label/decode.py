"""Decoding of a probability for each class to objects and predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline_tasks.json_values import Json, JsonObject
from pipeline_tasks.kinds.classes.class_object import ClassObject
from pipeline_tasks.kinds.classes.decode import PROBABILITIES, ClassDecoding
from pipeline_tasks.kinds.decoding import CENTRE, Outline, Outputs, Size
from pipeline_tasks.kinds.suggesting import NO_SUGGESTION, Suggested

PRESENT = 0.5
"""A class with at least this probability is predicted."""
PREDICTED = "predicted"
"""Column of a recorded prediction: its classes with their probabilities."""


@dataclass(frozen=True)
class MultiLabelPrediction:
    """The predicted classes, and all classes."""

    class_names: list[str]
    """The most probable first."""
    probabilities: dict[str, float]
    is_unsure: bool


@dataclass(frozen=True)
class MultiLabelDecoding:
    """Decoding of the outputs of a model with these classes."""

    class_names: tuple[str, ...]
    output_names = (PROBABILITIES,)
    framing = CENTRE

    def decode(self, outputs: Outputs, size_px: Size) -> tuple[ClassObject, ...]:
        """All classes with their probabilities, in the order of the model's classes."""
        return ClassDecoding(self.class_names).decode(outputs, size_px)

    def predict(self, objects: Sequence[ClassObject], size_px: Size, min_confidence: float) -> MultiLabelPrediction:
        """The present classes; unsure if the model is less confident of the presence or absence of any class."""
        probabilities = {one.class_name: one.probability or 0.0 for one in objects}
        confidence = _confidence(probabilities)
        # Compare in the model's precision, so that 0.9 is not below 0.9.
        return MultiLabelPrediction(
            _present(probabilities), probabilities, bool(np.float32(confidence) < np.float32(min_confidence))
        )

    def suggest(self, objects: Sequence[ClassObject], size_px: Size, min_confidence: float) -> Suggested[ClassObject]:
        """The present classes in the project's order, unless the model is unsure of the presence or absence of any."""
        told = self.predict(objects, size_px, min_confidence)
        if told.is_unsure or not told.class_names:
            return NO_SUGGESTION
        names = [name for name in told.probabilities if name in told.class_names]
        sure = tuple(told.probabilities[name] for name in names)
        return Suggested(tuple(ClassObject(name) for name in names), sure, _confidence(told.probabilities))

    def read_prediction(self, fields: JsonObject) -> MultiLabelPrediction:
        """A prediction from a line of the server's log, or from a row of `MultiLabelScoring.main_predictions`."""
        recorded = {one["class_name"]: one["probability"] for one in fields.get(PREDICTED, [])}
        probabilities = {str(name): float(one) for name, one in fields.get("probabilities", recorded).items()}
        return MultiLabelPrediction(_present(probabilities), probabilities, bool(fields.get("is_unsure", False)))

    def headline(self, prediction: MultiLabelPrediction) -> str:
        """The most probable of the present classes."""
        return prediction.class_names[0] if prediction.class_names else "none"

    def says(self, prediction: MultiLabelPrediction) -> str:
        """The present classes with their probabilities."""
        said = [f"{name} {prediction.probabilities[name]:.3f}" for name in prediction.class_names]
        highest = max(prediction.probabilities.values(), default=0.0)
        return f"{', '.join(said)} (probability)" if said else f"none of the classes, highest probability {highest:.3f}"

    def outlines(self, prediction: MultiLabelPrediction, size_px: Size) -> tuple[Outline, ...]:
        """The present classes in words, or that there is none."""
        named = tuple(Outline(name, f"{name} {prediction.probabilities[name]:.3f}") for name in prediction.class_names)
        return named or (Outline("none", self.says(prediction)),)

    def as_recorded(self, outputs: Outputs) -> dict[str, Json]:
        """The probabilities of one image."""
        return ClassDecoding(self.class_names).as_recorded(outputs)

    def difference(self, outputs: Outputs, recorded: Mapping[str, Json]) -> float:
        """Greatest difference between two probabilities."""
        return ClassDecoding(self.class_names).difference(outputs, recorded)


def sigmoid(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Convert logits to probabilities, without overflow."""
    half: npt.NDArray[np.float32] = (0.5 * (1 + np.tanh(0.5 * logits))).astype(np.float32)
    return half


def _confidence(probabilities: Mapping[str, float]) -> float:
    """The least confidence of the presence or absence of a class."""
    return min((max(one, 1 - one) for one in probabilities.values()), default=0.0)


def _present(probabilities: Mapping[str, float]) -> list[str]:
    """Classes that are predicted, the most probable first."""
    named = [name for name, one in probabilities.items() if one >= PRESENT]
    return sorted(named, key=lambda name: -probabilities[name])
