"""Texts for a selection: images are chosen by their embeddings alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from pipeline_tasks.kinds.choosing import Labelled, SelectionGain

NOTHING = "nothing written"


@dataclass(frozen=True)
class TextChoosing:
    """Selection part of the kind `text`: no name stands for a label."""

    def names_of(self, label_objects: pl.DataFrame) -> dict[str, str]:
        """None."""
        return {}

    def names(self, images: pl.DataFrame) -> pl.Series:
        """One name for all rows with a text, and one for those without."""
        said = images["objects"].to_list() if "objects" in images.columns else [True] * images.height
        return pl.Series("class_name", ["text" if objects else NOTHING for objects in said], dtype=pl.String)

    def scorer(self, graph: Any, temperature: float) -> None:
        """None: there is no head on embeddings."""
        return

    def why_no_gain(self, labelled: Labelled) -> str:
        """The gain compares heads on embeddings, which cannot read."""
        return "The gain of a selection is not measured for texts: it compares classifiers on embeddings."

    def gain(self, labelled: Labelled, *, confidence: float, seed: int) -> SelectionGain:
        """Never called, because `why_no_gain` is never empty."""
        raise ValueError(self.why_no_gain(labelled))
