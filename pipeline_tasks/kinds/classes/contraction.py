"""Contraction of embeddings that lie farther out than training images do, so that unusual images are not predicted with certainty.

The logits of a linear head grow with the distance from the training images, in any direction. A blurred or blank image, or
another object, lies several times as far out, and got a probability of up to 1.0. Beyond the training images' median distance, an
embedding is moved towards their mean: its way from there is multiplied by (median / distance)². So the farther out an image lies,
the nearer its embedding comes to the mean, where the head prefers no class.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.kinds.modelling import Arrays, Scaling

NAMES = ("mean", "precision", "reach")
"""Arrays of a head that contracts; a head of an earlier release has none of them."""


@dataclass(frozen=True)
class Contraction:
    """Move embeddings towards the mean of the training images."""

    mean: NDArray[np.float32]
    """D."""
    precision: NDArray[np.float32]
    """D: 1 / spread²."""
    reach: NDArray[np.float32]
    """Squared distance, in spreads, from which on embeddings are moved; a scalar."""

    def apply(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """Contract embeddings, N x D."""
        moved = embeddings - self.mean
        distance = (moved * moved) @ self.precision
        share = np.minimum(self.reach / np.maximum(distance, self.reach), 1)
        contracted: NDArray[np.float32] = (self.mean + moved * share[:, np.newaxis]).astype(np.float32)
        return contracted


def arrays_of(scaling: Scaling) -> dict[str, NDArray[np.float32]]:
    """The contraction that belongs to a scaling of embeddings; nothing if it has no reach."""
    if scaling.reach is None:
        return {}
    found = {"mean": scaling.mean, "precision": 1 / np.square(scaling.spread), "reach": scaling.reach}
    return {name: np.asarray(values, np.float32) for name, values in found.items()}


def contraction_of(arrays: Arrays) -> Contraction | None:
    """The contraction of a head; None for a head of an earlier release."""
    return Contraction(*(arrays[name] for name in NAMES)) if set(NAMES) <= set(arrays) else None
