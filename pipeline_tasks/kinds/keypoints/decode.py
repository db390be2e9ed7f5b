"""Predictions of keypoints. No model of Nightlens makes them yet; the form is that of a model of your own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline_tasks.json_values import Json, JsonObject
from pipeline_tasks.kinds.decoding import WHOLE, Outline, Outputs, Size
from pipeline_tasks.kinds.keypoints.skeleton import Point, Skeleton

POINTS, SCORES = "points", "scores"
"""Outputs for each of T things: x, y (in shares of the longer side) and confidence of its P points, T x P x 3; its score, T."""


@dataclass(frozen=True)
class KeypointPrediction:
    """The things in an image."""

    things: list[dict[str, Json]]
    is_unsure: bool


@dataclass(frozen=True)
class KeypointDecoding:
    """Decoding of the things of one class."""

    class_name: str
    point_names: tuple[str, ...]
    output_names = (POINTS, SCORES)
    framing = WHOLE

    def decode(self, outputs: Outputs, size_px: Size) -> tuple[Skeleton, ...]:
        """All things in pixels of the image."""
        longer = max(size_px)
        return tuple(
            Skeleton(
                self.class_name,
                tuple(
                    Point(name, float(x) * longer, float(y) * longer, bool(sure >= 0.5))
                    for name, (x, y, sure) in zip(self.point_names, points, strict=True)
                ),
                confidence=float(score),
            )
            for points, score in zip(outputs[POINTS], outputs[SCORES], strict=True)
        )

    def predict(self, objects: Sequence[Skeleton], min_confidence: float) -> KeypointPrediction:
        """The things of at least this confidence."""
        kept = [one for one in objects if np.float32(one.confidence or 0) >= np.float32(min_confidence)]
        return KeypointPrediction([_as_json(one) for one in kept], len(kept) < len(objects))

    def read_prediction(self, fields: JsonObject) -> KeypointPrediction:
        """A prediction from a line of the server's log; a row of `predicted_objects` says its class alone."""
        row: list[dict[str, Json]] = [
            {"class_name": fields.get("class_name"), "points": [], "confidence": fields.get("confidence")}
        ]
        return KeypointPrediction(list(fields.get("things", row)), bool(fields.get("is_unsure", False)))

    def headline(self, prediction: KeypointPrediction) -> str:
        """Presence of a thing."""
        return "things" if prediction.things else "none"

    def says(self, prediction: KeypointPrediction) -> str:
        """The number of things."""
        return f"{len(prediction.things)} things" if prediction.things else "nothing there"

    def outlines(self, prediction: KeypointPrediction, size_px: Size) -> tuple[Outline, ...]:
        """The number of things in words."""
        return (Outline("things", self.says(prediction)),)

    def as_recorded(self, outputs: Outputs) -> dict[str, Json]:
        """The outputs of one image."""
        return {name: np.round(np.asarray(outputs[name], np.float64), 6).tolist() for name in self.output_names}

    def difference(self, outputs: Outputs, recorded: Mapping[str, Json]) -> float:
        """Greatest difference between two numbers.

        Raises:
            ValueError: their shapes differ.
        """
        worst = 0.0
        for name in self.output_names:
            wanted, found = np.asarray(recorded[name], np.float64), np.asarray(outputs[name], np.float64)
            if wanted.shape != found.shape:
                raise ValueError(f"wanted {name} of shape {wanted.shape}, found {found.shape}")
            worst = max(worst, float(np.abs(found - wanted).max())) if found.size else worst
        return worst


def _as_json(one: Skeleton) -> dict[str, Json]:
    points: list[Json] = [{"name": point.name, "x_px": point.x_px, "y_px": point.y_px, "confidence": 1.0} for point in one.points]
    return {"class_name": one.class_name, "points": points, "confidence": one.confidence or 0.0}
