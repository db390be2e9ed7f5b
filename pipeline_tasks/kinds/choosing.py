"""Part of a label kind for the selection of images and the measurement of its gain.

A selection treats images as a whole: one name that represents an image's label, and a model's expected shares of the vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline_tasks.intervals.resampled import Estimate

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


class Scorer(Protocol):
    """A model's head alone: predicts images from known embeddings, without decoding them."""

    def beliefs(self, embeddings: Floats) -> Floats:
        """N x D embeddings → N x the vocabulary, each row adding up to 1: the image-level expectation of the model."""
        ...

    def belief_draws(self, embeddings: Floats, *, seed: int) -> Floats:
        """The same for several variants of the model: draws x N x the vocabulary."""
        ...


@dataclass(frozen=True)
class Labelled:
    """All N labelled images of both arms, in order of selection."""

    embeddings: Floats
    """N x D."""
    targets: Integers
    """Number of the name that represents each image's label."""
    groups: Integers
    """Number of each one's split group."""
    is_control: npt.NDArray[np.bool_]
    cycles: Integers
    """Increasing number of the cycle in which each image was selected."""


@dataclass(frozen=True)
class SelectionGain:
    """Scores from 0 to 1 on random images, as means over the sizes of the training sets."""

    labels: int
    """Labels of the largest heads."""
    mean_labels: float
    """Mean number of labels over all heads."""
    mean_chosen: float
    """Number of the first labels that the strategy chose; the others are the control arm's."""
    test_images: int
    classes: int
    """Classes among the test images."""
    chosen: Estimate
    """Score of heads on the first labels."""
    drawn: Estimate
    """Score of heads on as many random labels."""
    difference: Estimate


@runtime_checkable
class ObjectBeliefs(Protocol):
    """A kind's choosing, if its models need the image and find objects in it: their expectations about objects and images."""

    @property
    def belief_names(self) -> tuple[str, ...]:
        """Names that beliefs are about, at least two."""
        ...

    def object_beliefs(self, objects: Sequence[Any]) -> Floats:
        """Beliefs about each object that a model found in one image: M x the names, each row adding up to 1."""
        ...

    def image_beliefs(self, objects: Sequence[Any]) -> Floats:
        """Expected shares of the names in that image: as many numbers as names, adding up to 1."""
        ...


class Choosing(Protocol):
    """Labels and models of one kind, for a selection."""

    def names_of(self, label_objects: pl.DataFrame) -> dict[str, str]:
        """image_id → the name that represents its label, from rows of `label_objects`."""
        ...

    def names(self, images: pl.DataFrame) -> pl.Series:
        """The name that represents the label of each row of a dataset version."""
        ...

    def scorer(self, graph: Any, temperature: float) -> Scorer | None:
        """The head of an exported model (onnx's `GraphProto`); None if the kind's heads need more than the embedding.

        Raises:
            ModelError: the graph has no head of this kind.
        """
        ...

    def why_no_gain(self, labelled: Labelled) -> str:
        """Reason why the gain cannot be measured yet; empty if it can."""
        ...

    def gain(self, labelled: Labelled, *, confidence: float, seed: int) -> SelectionGain:
        """Measure the gain of selection; `why_no_gain` must return an empty string."""
        ...
