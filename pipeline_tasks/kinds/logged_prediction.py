"""One prediction about an image, as the prediction server logs it and `explain` shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from pipeline_tasks.json_values import Json, JsonObject


@dataclass(frozen=True)
class LoggedPrediction:
    """A prediction with its model and image; one that `explain` makes itself has no id, route or time."""

    image_id: str
    model_digest: str
    dataset_id: str
    content: Mapping[str, Json]
    """Fields of the label kind; `Decoding.read_prediction` reads them."""
    prediction_id: str | None = None
    route: str | None = None
    at: str | None = None
    """Time of the response."""
    seconds: float | None = None
    """Time that it took."""

    @property
    def confidence(self) -> float | None:
        """Confidence in the main thing that it says: of its surest object, class or text; None if it says nothing of that."""
        for name in ("probability", "confidence"):
            if isinstance(value := self.content.get(name), int | float):
                return float(value)
        if isinstance(probabilities := self.content.get("probabilities"), dict):
            return max(probabilities.values(), default=None)
        found = self.content.get("objects")
        objects = [one for one in found if isinstance(one, dict)] if isinstance(found, list | tuple) else []
        return max((one["confidence"] for one in objects if one.get("confidence") is not None), default=None)

    def response(self) -> dict[str, Json]:
        """Fields of the response."""
        about: dict[str, Json] = {"prediction_id": self.prediction_id, "image_id": self.image_id}
        about |= {"model_digest": self.model_digest, "dataset_id": self.dataset_id, "route": self.route}
        return {name: value for name, value in about.items() if value is not None} | dict(self.content)

    def as_json(self) -> dict[str, Json]:
        """Fields of a line of the log."""
        timing: dict[str, Json] = {"at": self.at, "seconds": self.seconds}
        return {name: value for name, value in timing.items() if value is not None} | self.response()

    @classmethod
    def from_json(cls, line: JsonObject) -> LoggedPrediction:
        """Read a line of the log; fields of the label kind are those that no other field takes."""
        own = {one.name for one in fields(cls)}
        return cls(
            image_id=str(line.get("image_id", "")),
            model_digest=str(line.get("model_digest", "")),
            dataset_id=str(line.get("dataset_id", "")),
            content={name: value for name, value in line.items() if name not in own},
            prediction_id=line.get("prediction_id"),
            route=line.get("route"),
            at=line.get("at"),
            seconds=line.get("seconds"),
        )
