"""Beliefs about each row by the labels of its nearest neighbours."""

from __future__ import annotations

import numpy as np

from pipeline_tasks.neighbors.cells import nearest_in_cells
from pipeline_tasks.neighbors.cosine import Floats, Integers, unit_rows

NEIGHBOURS = 10
RARITY_POWER = 0.5
"""Power of a class's share by which its votes are divided, so that a rare class is not outvoted by how common another is."""


def neighbour_votes(vectors: Floats, numbers: Integers, classes: int, seed: int) -> Floats:
    """Shares of the classes among the ten nearest rows, N x classes, weighted by squared cosine; the row itself does not vote.

    `vectors` are N x D embeddings; cosines are taken around their mean.
    """
    units = unit_rows(vectors - vectors.mean(axis=0))
    rows, cosines = nearest_in_cells(units, min(NEIGHBOURS, len(units) - 1) + 1, seed)
    weights = np.clip(cosines[:, 1:], 0, None) ** 2 + np.float32(1e-6)
    votes = np.zeros((len(units), classes), np.float32)
    for place in range(weights.shape[1]):
        np.add.at(votes, (np.arange(len(units)), numbers[rows[:, place + 1]]), weights[:, place])
    votes /= np.maximum(np.bincount(numbers, minlength=classes), 1) ** RARITY_POWER
    shares: Floats = votes / votes.sum(axis=1, keepdims=True)
    return shares
