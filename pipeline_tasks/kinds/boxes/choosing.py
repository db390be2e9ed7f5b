"""Boxes of labels for a selection, which treats images as a whole.

An image is represented by the class of its boxes that is rarest among all labels: an image with one rare box and many common ones
is wanted for the rare one, and whoever holds images out or balances classes must not lose the rare ones. A model of boxes needs
feature maps, not only the embedding: its beliefs about an image come from the boxes that it finds there. Each box is of its class
with its confidence, else nothing; an image counts by the shares of the names among its expected boxes, and as nothing as far as no
box is sure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.choosing import Floats, Labelled, SelectionGain
from pipeline_tasks.kinds.name_changes import NO_CHANGES, NameChanges

LEAST_CONFIDENCE = 0.05
"""Boxes below it are noise that every detector gives for every image."""
NOTHING = "nothing there"
"""The name that stands for an image without a box."""


@dataclass(frozen=True)
class BoxChoosing:
    """Selection part of the kind `box`: an image is represented by its rarest class."""

    class_names: tuple[str, ...]
    changes: NameChanges = NO_CHANGES

    @property
    def belief_names(self) -> tuple[str, ...]:
        """The classes, and that nothing is there."""
        return (*self.class_names, NOTHING)

    def object_beliefs(self, objects: Sequence[Box]) -> Floats:
        """Each box is of its class with its confidence, else nothing; boxes of forgotten classes are left out."""
        known = self._known(objects)
        beliefs = np.zeros((len(known), len(self.class_names) + 1), np.float32)
        for row, (number, confidence) in enumerate(known):
            beliefs[row, number], beliefs[row, -1] = confidence, 1 - confidence
        return beliefs

    def image_beliefs(self, objects: Sequence[Box]) -> Floats:
        """Expected number of boxes of each class against the probability that there is none."""
        beliefs = self.object_beliefs(objects)
        expected = np.append(beliefs[:, :-1].sum(axis=0), beliefs[:, -1].prod())
        shares: Floats = (expected / expected.sum()).astype(np.float32)
        return shares

    def _known(self, objects: Sequence[Box]) -> list[tuple[int, float]]:
        """Class number and confidence of boxes that are not mere noise, by today's names."""
        numbers, today = {name: number for number, name in enumerate(self.class_names)}, self.changes.today
        named = ((today.get(one.class_name, one.class_name), one.confidence or 0.0) for one in objects)
        return [(numbers[name], sure) for name, sure in named if name in numbers and sure >= LEAST_CONFIDENCE]

    def names_of(self, label_objects: pl.DataFrame) -> dict[str, str]:
        """The rarest class of each image with boxes, by its name of today."""
        rows = self.changes.in_rows(label_objects.select("image_id", "class_name"))
        grouped = rows.group_by("image_id").agg("class_name").sort("image_id")
        images = grouped["image_id"].to_list()
        return dict(zip(images, _rarest(grouped["class_name"].to_list()), strict=True))

    def names(self, images: pl.DataFrame) -> pl.Series:
        """The rarest class of each row; of rows without objects the class of the first."""
        if "objects" not in images.columns:
            return images["class_name"].fill_null(NOTHING)
        said = [[one["class_name"] for one in objects or ()] for objects in images["objects"].to_list()]
        return pl.Series("class_name", _rarest(said), dtype=pl.String)

    def scorer(self, graph: Any, temperature: float) -> None:
        """None: the head needs feature maps."""
        return

    def why_no_gain(self, labelled: Labelled) -> str:
        """The gain compares heads on embeddings, which cannot say where something is."""
        return "The gain of a selection is not measured for boxes: it compares classifiers on embeddings."

    def gain(self, labelled: Labelled, *, confidence: float, seed: int) -> SelectionGain:
        """Never called, because `why_no_gain` is never empty."""
        raise ValueError(self.why_no_gain(labelled))


def _rarest(images: Iterable[Sequence[str]]) -> list[str]:
    """The class of each image with the fewest boxes in all images; of equally rare ones the first by name."""
    said = list(images)
    counts = Counter(name for names in said for name in names)
    return [min(names, key=lambda name: (counts[name], name), default=NOTHING) for names in said]
