"""Typicality: closeness of an image to its nearest neighbours.

The inverse of the mean distance to the k nearest (TypiClust: Hacohen, Dekel, Weinshall 2022, arXiv 2202.02794). Alone it would
always pick the middle of the same cluster, so it is reduced near labelled or picked images.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline_tasks.neighbors.cosine import Floats, Integers
from pipeline_tasks.selection.diversity import Diversity

NEIGHBORS = 20
TILE_ROWS = 2048
"""Side of the square products that compare rows with rows; each serves its rows and its columns."""


class Typical:
    """Typicality as a share of the highest one, times the distance to the nearest labelled or picked row."""

    def __init__(self, units: Floats, labelled: Integers) -> None:
        """Measure N x D units (rows of length 1) once."""
        scores = typicality(units)
        self._scores = scores / max(float(scores.max(initial=0)), 1e-12)
        self._diversity = Diversity(units, labelled)

    def values(self, rows: Integers) -> npt.NDArray[np.float64]:
        """Current values of the rows, from 0 to 1."""
        values: npt.NDArray[np.float64] = self._scores[rows] * self._diversity.values(rows)
        return values

    def add(self, pick: int) -> None:
        """Reduce the values of rows near the pick."""
        self._diversity.add(pick)


def typicality(units: Floats, neighbors: int = NEIGHBORS) -> npt.NDArray[np.float64]:
    """Inverse of the mean Euclidean distance to the nearest others, for each row of N x D units (rows of length 1); exact.

    `neighbors` is cut to the number of others. Identical images have the highest finite value, 1e6. Time grows with N squared,
    memory with N.
    """
    count = min(neighbors, len(units) - 1)
    if count < 1:
        return np.zeros(len(units))
    nearest = np.full((len(units), count), -2, np.float32)
    for first in range(0, len(units), TILE_ROWS):
        rows = slice(first, first + TILE_ROWS)
        for second in range(first, len(units), TILE_ROWS):
            columns = slice(second, second + TILE_ROWS)
            cosines = units[rows] @ units[columns].T
            if first == second:
                np.fill_diagonal(cosines, -2)
            else:
                nearest[columns] = _keep_highest(nearest[columns], np.ascontiguousarray(cosines.T))
            nearest[rows] = _keep_highest(nearest[rows], cosines)
    distances = np.sqrt(np.clip(2 - 2 * nearest.astype(np.float64), 0, 4)).mean(axis=1)
    scores: npt.NDArray[np.float64] = 1 / np.maximum(distances, 1e-6)
    return scores


def _keep_highest(kept: Floats, more: Floats) -> Floats:
    """Highest values of both in each row, as many as were kept."""
    count = kept.shape[1]
    if more.shape[1] > count:
        more.partition(more.shape[1] - count, axis=1)
        more = more[:, more.shape[1] - count :]
    both = np.concatenate([kept, more], axis=1)
    both.partition(both.shape[1] - count, axis=1)
    return both[:, both.shape[1] - count :]
