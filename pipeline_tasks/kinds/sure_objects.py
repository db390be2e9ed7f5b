"""Predictions of models that find objects with a class: those that are sure enough, and what is said of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

import numpy as np

from pipeline_tasks.json_values import Json
from pipeline_tasks.kinds.decoding import Outputs
from pipeline_tasks.kinds.map_heads.recorded_objects import as_recorded, recorded_difference

USUAL_CONFIDENCE = 0.25
"""Confidence of an object that is told unless a project says otherwise: a score is the overlap that its box probably has."""


class Sure(Protocol):
    """An object of any confidence."""

    @property
    def confidence(self) -> float | None:
        """Its score."""
        ...


class Named(Protocol):
    """An object of a prediction."""

    @property
    def class_name(self) -> str:
        """Its class."""
        ...


class NamedObjects(Protocol):
    """A prediction."""

    @property
    def objects(self) -> Sequence[Named]:
        """Its objects, the surest first."""
        ...


S = TypeVar("S", bound=Sure)


def sure_enough(objects: Sequence[S], min_confidence: float) -> list[S]:
    """The objects of at least this confidence; of 0, which no project has chosen, of at least USUAL_CONFIDENCE."""
    limit = np.float32(min_confidence or USUAL_CONFIDENCE)
    # Compare in the model's precision, so that 0.9 is not below 0.9.
    return [one for one in objects if np.float32(one.confidence or 0) >= limit]


class ObjectDecoding:
    """Words and records of a decoding whose predictions are objects with a class."""

    output_names: tuple[str, ...]

    def headline(self, prediction: NamedObjects) -> str:
        """The class of the surest object."""
        return prediction.objects[0].class_name if prediction.objects else "nothing"

    def says(self, prediction: NamedObjects) -> str:
        """Number of objects of each class."""
        counts = Counter(one.class_name for one in prediction.objects)
        return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "nothing there"

    def as_recorded(self, outputs: Outputs) -> dict[str, Json]:
        """The surest objects of one image."""
        return as_recorded(outputs, self.output_names)

    def difference(self, outputs: Outputs, recorded: Mapping[str, Json]) -> float:
        """Greatest distance of a recorded object from the most alike of its class, in scores and shares of the side."""
        return recorded_difference(outputs, recorded, self.output_names)
