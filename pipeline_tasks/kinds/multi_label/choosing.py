"""Classes of labels and probabilities of models, for a selection, which treats images as a whole.

An image is represented by its rarest class: whoever holds images out or balances classes must not lose the rare ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline_tasks.kinds.choosing import Labelled, SelectionGain
from pipeline_tasks.kinds.classes.contraction import Contraction, contraction_of
from pipeline_tasks.kinds.multi_label.decode import sigmoid
from pipeline_tasks.kinds.name_changes import NO_CHANGES, NameChanges

NOTHING = "none of these"
"""The name that stands for an image without a class."""


@dataclass(frozen=True)
class MultiLabelChoosing:
    """Selection part of the kind `classes`."""

    class_names: tuple[str, ...]
    changes: NameChanges = NO_CHANGES

    def names_of(self, label_objects: pl.DataFrame) -> dict[str, str]:
        """The rarest class of each image with classes, by its name of today."""
        rows = self.changes.in_rows(label_objects.select("image_id", "class_name"))
        grouped = rows.group_by("image_id").agg("class_name").sort("image_id")
        return dict(zip(grouped["image_id"].to_list(), _rarest(grouped["class_name"].to_list()), strict=True))

    def names(self, images: pl.DataFrame) -> pl.Series:
        """The rarest class of each row; of rows without objects the class of the first."""
        if "objects" not in images.columns:
            return images["class_name"].fill_null(NOTHING)
        said = [[one["class_name"] for one in objects or ()] for objects in images["objects"].to_list()]
        return pl.Series("class_name", _rarest(said), dtype=pl.String)

    def scorer(self, graph: Any, temperature: float) -> MultiLabelScorer:
        """Read the last layer of a model, without running it."""
        from pipeline_tasks.kinds.classes.graph import head_arrays

        arrays = head_arrays(graph)
        return MultiLabelScorer(arrays["weight"], arrays["bias"], temperature, contraction_of(arrays))

    def why_no_gain(self, labelled: Labelled) -> str:
        """The gain compares heads that name one class an image."""
        return "The gain of a selection is not measured for images with several classes: it compares heads that name one class."

    def gain(self, labelled: Labelled, *, confidence: float, seed: int) -> SelectionGain:
        """Never called, because `why_no_gain` is never empty."""
        raise ValueError(self.why_no_gain(labelled))


@dataclass(frozen=True)
class MultiLabelScorer:
    """The last layer alone: scores embeddings of the backbone it was trained on."""

    weight: NDArray[np.float32]
    """C x D."""
    bias: NDArray[np.float32]
    temperature: float
    contraction: Contraction | None = None

    def beliefs(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """Beliefs (N x C) from embeddings (N x D, not normalised), as doubtful as the model is of its most doubtful class."""
        return beliefs_of(self._probabilities(embeddings, self.weight))

    def belief_draws(
        self, embeddings: NDArray[np.float32], *, seed: int, draws: int = 10, drop_ratio: float = 0.3
    ) -> NDArray[np.float32]:
        """Beliefs of variants of the head with different features dropped: draws x N x C; see `ClassScorer.belief_draws`."""
        generator = np.random.default_rng(seed)
        kept = (generator.random((draws, self.weight.shape[1])) >= drop_ratio).astype(np.float32) / (1 - drop_ratio)
        return np.stack([beliefs_of(self._probabilities(embeddings, self.weight * one)) for one in kept])

    def _probabilities(self, embeddings: NDArray[np.float32], weight: NDArray[np.float32]) -> NDArray[np.float32]:
        near = embeddings if self.contraction is None else self.contraction.apply(embeddings)
        return sigmoid((near @ weight.T + self.bias) / self.temperature)


def beliefs_of(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """One distribution over the classes an image, from a probability for each class (N x C).

    Selections measure doubt by the margin or entropy of a row that adds up to 1. Shares of the probabilities would make two certain
    classes look like doubt, and an image that certainly shows none, too. So the row states the most doubtful class alone: its
    probability, and the rest for the most probable of the other classes.
    """
    rows = np.arange(len(probabilities))
    doubtful = np.abs(probabilities - 0.5).argmin(axis=1)
    others = probabilities.copy()
    others[rows, doubtful] = -1
    beliefs = np.zeros_like(probabilities)
    beliefs[rows, doubtful] = probabilities[rows, doubtful]
    beliefs[rows, others.argmax(axis=1)] = 1 - probabilities[rows, doubtful]
    return beliefs


def _rarest(images: Iterable[Sequence[str]]) -> list[str]:
    """The class of each image that the fewest images have; of equally rare ones the first by name."""
    said = [sorted(set(names)) for names in images]
    counts = Counter(name for names in said for name in names)
    return [min(names, key=lambda name: (counts[name], name), default=NOTHING) for names in said]
