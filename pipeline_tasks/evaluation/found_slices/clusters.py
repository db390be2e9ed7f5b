"""Clusters of images that look alike, by k-means on the sphere."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
_ROUNDS = 25


def cluster(vectors: Floats, count: int, seed: int) -> Integers:
    """Number of each vector's cluster, from 0; N x D vectors, at most `count` clusters, the same for the same seed.

    Cosine similarity (Dhillon, Modha, Machine Learning 42, 2001); the first centres lie apart (k-means++: Arthur, Vassilvitskii,
    SODA 2007). A cluster that loses all its vectors stays where it was.
    """
    if not len(vectors):
        return np.zeros(0, np.int64)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    centres = _first_centres(units, min(count, len(units)), np.random.default_rng(seed))
    nearest = np.zeros(len(units), np.int64)
    for _ in range(_ROUNDS):
        before, nearest = nearest, np.argmax(units @ centres.T, axis=1)
        if np.array_equal(before, nearest):
            break
        centres = _means(units, nearest, centres)
    return nearest


def _first_centres(units: Floats, count: int, generator: np.random.Generator) -> Floats:
    """Vectors drawn one after the other, each by its squared distance from those before."""
    chosen = [int(generator.integers(len(units)))]
    distances = np.full(len(units), np.inf)
    while len(chosen) < count:
        distances = np.minimum(distances, np.maximum(2 - 2 * units @ units[chosen[-1]], 0))
        if distances.sum() <= 0:
            break
        chosen.append(int(generator.choice(len(units), p=distances / distances.sum())))
    return units[chosen]


def _means(units: Floats, nearest: Integers, centres: Floats) -> Floats:
    sums = np.zeros_like(centres)
    np.add.at(sums, nearest, units)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.where(lengths > 0, sums / np.where(lengths > 0, lengths, 1), centres)
