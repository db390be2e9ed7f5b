"""Classes of labels and probabilities of models, for a selection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline_tasks.kinds.choosing import Labelled, SelectionGain
from pipeline_tasks.kinds.classes.contraction import Contraction, contraction_of
from pipeline_tasks.kinds.classes.decode import softmax
from pipeline_tasks.kinds.classes.selection_gain import selection_gain, why_not
from pipeline_tasks.kinds.name_changes import NO_CHANGES, NameChanges


@dataclass(frozen=True)
class ClassChoosing:
    """Selection part of the kind `class`: an image is represented by its class."""

    class_names: tuple[str, ...]
    changes: NameChanges = NO_CHANGES

    def names_of(self, label_objects: pl.DataFrame) -> dict[str, str]:
        """The class of each image, by its name of today."""
        return dict(self.changes.in_rows(label_objects.select("image_id", "class_name")).iter_rows())

    def names(self, images: pl.DataFrame) -> pl.Series:
        """The class of each row."""
        return images["class_name"]

    def scorer(self, graph: Any, temperature: float) -> ClassScorer:
        """Read the last layer of a classifier, without running it."""
        from pipeline_tasks.kinds.classes.graph import head_arrays

        arrays = head_arrays(graph)
        return ClassScorer(arrays["weight"], arrays["bias"], temperature, contraction_of(arrays))

    def why_no_gain(self, labelled: Labelled) -> str:
        """Reason: too few images, groups or classes."""
        return why_not(labelled)

    def gain(self, labelled: Labelled, *, confidence: float, seed: int) -> SelectionGain:
        """Two learning curves of ridge classifiers."""
        return selection_gain(labelled, confidence=confidence, seed=seed)


@dataclass(frozen=True)
class ClassScorer:
    """The last layer alone: scores embeddings of the backbone it was trained on."""

    weight: NDArray[np.float32]
    """C x D."""
    bias: NDArray[np.float32]
    temperature: float
    contraction: Contraction | None = None
    """None for a model of an earlier release."""

    def beliefs(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """Predict probabilities (N x C) from embeddings (N x D, not normalised)."""
        return softmax((self._near(embeddings) @ self.weight.T + self.bias) / self.temperature)

    def belief_draws(
        self, embeddings: NDArray[np.float32], *, seed: int, draws: int = 10, drop_ratio: float = 0.3
    ) -> NDArray[np.float32]:
        """Probabilities of variants of the head with different features dropped: draws x N x C.

        Dropout before the last layer, kept on at inference (Gal, Ghahramani 2016, arXiv 1506.02142).
        """
        generator = np.random.default_rng(seed)
        kept = (generator.random((draws, self.weight.shape[1])) >= drop_ratio).astype(np.float32) / (1 - drop_ratio)
        near = self._near(embeddings)
        return np.stack([softmax((near @ (self.weight * one).T + self.bias) / self.temperature) for one in kept])

    def _near(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        return embeddings if self.contraction is None else self.contraction.apply(embeddings)
