"""Images of a reference or of production, as drift sees them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline_tasks.errors import SettingsError

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.str_]
Times = npt.NDArray[np.datetime64]
NOT_KNOWN = ""
_ARRAYS, _MAPPINGS = ("image_ids", "embeddings", "cameras", "times", "clips"), ("properties", "predictions")


@dataclass(frozen=True)
class Sample:
    """N images; every array has N rows, in the order of `image_ids`."""

    image_ids: Words
    properties: Mapping[str, Floats] = field(default_factory=dict)
    """Property (`luma_mean`) → value of each image, NaN where it was not measured."""
    embeddings: npt.NDArray[np.float32] | None = None
    """N x D."""
    predictions: Mapping[str, Floats] = field(default_factory=dict)
    """Number from 0 to 1 of a prediction (belief in a name, confidence) → its value of each image, NaN where there is none."""
    cameras: Words | None = None
    """Camera of each image; empty where none is known."""
    times: Times | None = None
    """Time of capture where the camera stood, to the second; NaT where it is not known."""
    clips: Words | None = None
    """Clip of each image, whose frames are not independent; empty for images on their own."""

    def __post_init__(self) -> None:
        """Compare lengths."""
        for name, rows in self._columns():
            if len(rows) != len(self.image_ids):
                raise SettingsError(
                    f"{name} has {len(rows)} rows and there are {len(self.image_ids)} images; give one row an image"
                )

    def __len__(self) -> int:
        """Count images."""
        return len(self.image_ids)

    def rows(self, rows: npt.NDArray[np.generic]) -> Sample:
        """The images of these row numbers, or of this mask."""
        return Sample(
            self.image_ids[rows],
            {name: one[rows] for name, one in self.properties.items()},
            None if self.embeddings is None else self.embeddings[rows],
            {name: one[rows] for name, one in self.predictions.items()},
            None if self.cameras is None else self.cameras[rows],
            None if self.times is None else self.times[rows],
            None if self.clips is None else self.clips[rows],
        )

    def _columns(self) -> Iterable[tuple[str, npt.NDArray[np.generic]]]:
        yield from self.properties.items()
        yield from self.predictions.items()
        for name in _ARRAYS:
            if (rows := getattr(self, name)) is not None:
                yield name, rows


def joined(samples: Sequence[Sample]) -> Sample:
    """All images of some samples, at least one, with what the first one has.

    Raises:
        SettingsError: a later sample lacks something that the first one has.
    """
    first = samples[0]
    try:
        columns: dict[str, Any] = {name: _stacked(name, samples) for name in _ARRAYS if getattr(first, name) is not None}
        mappings: dict[str, Any] = {
            kind: {name: np.concatenate([getattr(one, kind)[name] for one in samples]) for name in getattr(first, kind)}
            for kind in _MAPPINGS
        }
    except KeyError as error:
        raise SettingsError(
            f"{error.args[0]} is known of one sample and not of the other; give it of both or of neither"
        ) from error
    return replace(first, **columns, **mappings)


def _stacked(name: str, samples: Sequence[Sample]) -> npt.NDArray[np.generic]:
    if any(getattr(one, name) is None for one in samples):
        raise KeyError(name)
    return np.concatenate([getattr(one, name) for one in samples])
