"""Decoding of the outputs of a model of keypoints to things and predictions. The file has suppressed and sorted them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.kinds.boxes.decode import PredictedBox, in_pixels
from pipeline_tasks.kinds.decoding import WHOLE, Outline, Outputs, Size
from pipeline_tasks.kinds.keypoints.layout import PointLayout
from pipeline_tasks.kinds.keypoints.skeleton import Point, Skeleton
from pipeline_tasks.kinds.map_heads.outputs import BOXES, CLASS_NUMBERS, SCORES
from pipeline_tasks.kinds.suggesting import Suggested, suggested
from pipeline_tasks.kinds.sure_objects import ObjectDecoding, sure_enough

POINTS = "points"
"""float32 N x B x P x 3: of the points of all classes x and y, in shares of the image's longer side, and the score of being there.

Points of other classes than the thing's mean nothing.
"""
LEAST_PRESENCE = 0.5
"""Score from which on a point is told as there."""
NUMBERS = (BOXES, SCORES, CLASS_NUMBERS, POINTS)


@dataclass(frozen=True)
class PredictedPoint:
    """One point of a prediction, in pixels of the image."""

    name: str
    x_px: float
    y_px: float
    confidence: float


@dataclass(frozen=True)
class PredictedThing(PredictedBox):
    """One thing of a prediction: its box and the points that are there."""

    points: tuple[PredictedPoint, ...]


@dataclass(frozen=True)
class KeypointPrediction:
    """The things that are sure enough, the surest first."""

    objects: tuple[PredictedThing, ...]
    left_out: int
    """Number of things below the threshold."""


@dataclass(frozen=True)
class KeypointDecoding(ObjectDecoding):
    """Decoding of the things of these classes."""

    points: Mapping[str, Sequence[str]]
    """Class → its points, in order."""
    is_one: bool = False
    """True if an image has at most one thing of each class: then the surest one of each counts."""
    edges: Mapping[str, Sequence[Sequence[str]]] | None = None
    """Class → pairs of points that are drawn as lines."""
    output_names = NUMBERS
    framing = WHOLE

    def decode(self, outputs: Outputs, size_px: Size) -> tuple[Skeleton, ...]:
        """Things of any confidence with all points of their class, the surest first; points are inside an image of this size."""
        is_thing = outputs[SCORES] > 0
        corners, points = in_pixels(outputs[BOXES][is_thing], size_px), outputs[POINTS][is_thing]
        rows = zip(corners, outputs[SCORES][is_thing].tolist(), outputs[CLASS_NUMBERS][is_thing].tolist(), points, strict=True)
        found: list[Skeleton] = []
        for (left, top, right, bottom), score, number, places in rows:
            name = list(self.points)[number]
            is_known = self.is_one and any(one.class_name == name for one in found)
            if right > left and bottom > top and not is_known:
                box = (float(left), float(top), float(right - left), float(bottom - top))
                found.append(Skeleton(name, self._points(name, places, size_px), *box, confidence=score))
        return tuple(found)

    def predict(self, objects: Sequence[Skeleton], size_px: Size, min_confidence: float) -> KeypointPrediction:
        """The things of at least this confidence; of 0, which no project has chosen, of at least USUAL_CONFIDENCE."""
        sure = tuple(_predicted(one) for one in sure_enough(objects, min_confidence))
        return KeypointPrediction(sure, len(objects) - len(sure))

    def suggest(self, objects: Sequence[Skeleton], size_px: Size, min_confidence: float) -> Suggested[Skeleton]:
        """The things that a prediction tells, with the points that are there; with boxes only where people draw some."""
        shown = [self._shown(one) for one in sure_enough(objects, min_confidence)]
        told = [one for one in shown if one.points]
        return suggested(told, [one.confidence or 0.0 for one in told])

    def read_prediction(self, fields: JsonObject) -> KeypointPrediction:
        """A prediction from a line of the server's log, or the one thing of a row of `predicted_objects`."""
        if "objects" in fields:
            return KeypointPrediction(tuple(_thing(one) for one in fields["objects"]), int(fields.get("left_out", 0)))
        return KeypointPrediction((_thing(fields),) if fields.get("class_name") else (), 0)

    def outlines(self, prediction: KeypointPrediction, size_px: Size) -> tuple[Outline, ...]:
        """Points, edges and box of each thing."""
        return tuple(line for one in prediction.objects for line in self._outlines(one, size_px))

    def _shown(self, thing: Skeleton) -> Skeleton:
        """The thing as a person would draw it: around points that are there, because a point outside its box is refused."""
        points = tuple(Point(one.name, one.x_px, one.y_px) for one in thing.points if one.is_visible)
        if self.is_one:
            return Skeleton(thing.class_name, points, confidence=thing.confidence)
        left, top, width, height = thing.box_px
        across, down = [one.x_px for one in points] + [left, left + width], [one.y_px for one in points] + [top, top + height]
        box = (min(across), min(down), max(across) - min(across), max(down) - min(down))
        return Skeleton(thing.class_name, points, *box, confidence=thing.confidence)

    def _points(self, name: str, places: np.ndarray[tuple[int, ...], np.dtype[np.float32]], size_px: Size) -> tuple[Point, ...]:
        mine = places[PointLayout(self.points).of_class(name)].astype(np.float64)
        inside = np.clip(mine[:, :2] * max(size_px), 0, size_px)
        return tuple(
            Point(point, float(x), float(y), bool(sure >= LEAST_PRESENCE), float(sure))
            for point, (x, y), sure in zip(self.points[name], inside, mine[:, 2], strict=True)
        )

    def _outlines(self, one: PredictedThing, size_px: Size) -> list[Outline]:
        """Points over edges over the box."""
        radius, placed = max(2.0, max(size_px) / 200), {point.name: (point.x_px, point.y_px) for point in one.points}
        lines = [
            Outline(f"{one.class_name}: {name}", name, (x, y - radius, x + radius, y, x, y + radius, x - radius, y))
            for name, (x, y) in placed.items()
        ]
        for start, end in (self.edges or {}).get(one.class_name, ()):
            if start in placed and end in placed:
                lines.append(Outline(one.class_name, "", (*placed[start], *placed[end])))
        left, top, right, bottom = one.x_min_px, one.y_min_px, one.x_min_px + one.width_px, one.y_min_px + one.height_px
        box = (left, top, right, top, right, bottom, left, bottom)
        return [*lines, Outline(one.class_name, f"{one.class_name} {one.confidence:.2f}", box)]


def _predicted(one: Skeleton) -> PredictedThing:
    placed = (point for point in one.points if point.is_visible)
    points = tuple(PredictedPoint(point.name, point.x_px, point.y_px, point.confidence or 0.0) for point in placed)
    return PredictedThing(one.class_name, one.confidence or 0.0, *one.box_px, points)


def _thing(fields: JsonObject) -> PredictedThing:
    left, top, width, height = (float(fields[name] or 0) for name in ("x_min_px", "y_min_px", "width_px", "height_px"))
    points = tuple(
        PredictedPoint(str(one["name"]), float(one["x_px"]), float(one["y_px"]), float(one["confidence"]))
        for one in fields.get("points") or ()
    )
    return PredictedThing(str(fields["class_name"]), float(fields.get("confidence") or 0), left, top, width, height, points)
