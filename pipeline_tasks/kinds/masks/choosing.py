"""Masks of labels for a selection, which treats images as a whole.

An image is represented by the class of its masks that is rarest among all labels: by pixels if masks of a class are one region, by
objects if each is an object. A model of masks needs feature maps, not only the embedding: its beliefs about an image come from the
masks that it finds there. The region of a class is of it with the mean share of its pixels, else nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from pipeline_tasks.geometry.run_lengths import area
from pipeline_tasks.kinds.choosing import Floats, Labelled, SelectionGain
from pipeline_tasks.kinds.masks.mask import Mask
from pipeline_tasks.kinds.name_changes import NO_CHANGES, NameChanges

LEAST_CONFIDENCE = 0.05
"""Objects below it are noise that every model of objects gives for every image."""
NOTHING = "nothing there"
"""The name that stands for an image without a mask."""
Weights = dict[str, int]


@dataclass(frozen=True)
class MaskChoosing:
    """Selection part of the kind `mask`: an image is represented by its rarest class."""

    class_names: tuple[str, ...]
    is_instance: bool = False
    changes: NameChanges = NO_CHANGES

    @property
    def belief_names(self) -> tuple[str, ...]:
        """The classes, and that nothing is there."""
        return (*self.class_names, NOTHING)

    def object_beliefs(self, objects: Sequence[Mask]) -> Floats:
        """Each mask is of its class with its confidence, else nothing; masks of forgotten classes are left out."""
        known = self._known(objects)
        beliefs = np.zeros((len(known), len(self.class_names) + 1), np.float32)
        for row, (number, confidence) in enumerate(known):
            beliefs[row, number], beliefs[row, -1] = confidence, 1 - confidence
        return beliefs

    def image_beliefs(self, objects: Sequence[Mask]) -> Floats:
        """Expected number of masks of each class against the probability that there is none."""
        beliefs = self.object_beliefs(objects)
        expected = np.append(beliefs[:, :-1].sum(axis=0), beliefs[:, -1].prod())
        shares: Floats = (expected / expected.sum()).astype(np.float32)
        return shares

    def names_of(self, label_objects: pl.DataFrame) -> dict[str, str]:
        """The rarest class of each image with masks, by its name of today."""
        found: dict[str, Weights] = {}
        for image_id, name, rle in self.changes.in_rows(label_objects).select("image_id", "class_name", "mask_rle").iter_rows():
            weights = found.setdefault(image_id, {})
            weights[name] = weights.get(name, 0) + self._weight(rle)
        images = sorted(found)
        return dict(zip(images, _rarest([found[image_id] for image_id in images]), strict=True))

    def names(self, images: pl.DataFrame) -> pl.Series:
        """The rarest class of each row; of rows without objects the class of the first."""
        if "objects" not in images.columns:
            return images["class_name"].fill_null(NOTHING)
        said = [self._weights(objects or ()) for objects in images["objects"].to_list()]
        return pl.Series("class_name", _rarest(said), dtype=pl.String)

    def scorer(self, graph: Any, temperature: float) -> None:
        """None: the head needs feature maps."""
        return

    def why_no_gain(self, labelled: Labelled) -> str:
        """The gain compares heads on embeddings, which cannot say where something is."""
        return "The gain of a selection is not measured for masks: it compares classifiers on embeddings."

    def gain(self, labelled: Labelled, *, confidence: float, seed: int) -> SelectionGain:
        """Never called, because `why_no_gain` is never empty."""
        raise ValueError(self.why_no_gain(labelled))

    def _known(self, objects: Sequence[Mask]) -> list[tuple[int, float]]:
        """Class number and confidence of masks by today's names."""
        numbers, today = {name: number for number, name in enumerate(self.class_names)}, self.changes.today
        named = ((today.get(one.class_name, one.class_name), one.confidence or 0.0) for one in objects)
        least = LEAST_CONFIDENCE if self.is_instance else 0.0
        return [(numbers[name], sure) for name, sure in named if name in numbers and sure >= least]

    def _weights(self, objects: Iterable[dict[str, Any]]) -> Weights:
        weights = Counter[str]()
        for one in objects:
            weights[one["class_name"]] += self._weight(one["mask_rle"])
        return weights

    def _weight(self, rle: str) -> int:
        return 1 if self.is_instance else area(rle)


def _rarest(images: Sequence[Weights]) -> list[str]:
    """The class of each image that has least in all images; of equally rare ones the first by name."""
    total = Counter[str]()
    for weights in images:
        total.update(weights)
    return [min(weights, key=lambda name: (total[name], name), default=NOTHING) for weights in images]
