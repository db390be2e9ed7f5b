"""Distances between the distributions of one number in reference and production: Kolmogorov and Smirnov's, and of means."""

from __future__ import annotations

import numpy as np

from pipeline_tasks.drift.permuting import Matrix
from pipeline_tasks.drift.sample import Floats

POINTS = 256
"""Places at which distributions are compared; with fewer images, each image's value."""


def step_distances(values: Floats, weights: Matrix) -> Floats:
    """Largest difference of the two distribution functions in each exchange (E): of N values and N x E weights.

    Smirnov 1939. With more than 256 different values the functions are compared at 256 of them; an exchange test stays exact.
    """
    order = np.argsort(values, kind="stable")
    starts = np.concatenate([[0], np.flatnonzero(np.diff(values[order])) + 1])
    if len(starts) == 1:
        return np.zeros(weights.shape[1])
    starts = starts[np.linspace(0, len(starts) - 1, min(POINTS, len(starts))).astype(np.int64)]
    steps = np.add.reduceat(weights[order], starts, axis=0)
    found: Floats = np.abs(np.cumsum(steps[:-1], axis=0, dtype=np.float64)).max(axis=0)
    return found


def mean_gaps(values: Floats, weights: Matrix) -> Floats:
    """Difference of the two means in each exchange (E), without its sign: of N values and N x E weights.

    The sharper test where a few images change a lot, as belief in a name that became more frequent.
    """
    found: Floats = np.abs((values - values.mean()).astype(np.float32) @ weights).astype(np.float64)
    return found
