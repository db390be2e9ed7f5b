"""Class balance: deficit of an image's likely classes against equal shares of labels and picks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline_tasks.neighbors.cosine import Integers
from pipeline_tasks.selection.pool import Pool

Values = npt.NDArray[np.float64]


class ClassBalance:
    """Expected need of a row's classes."""

    def __init__(self, pool: Pool) -> None:
        """Count the labels; unknown ones by the model's beliefs."""
        assert pool.beliefs is not None
        self._beliefs = pool.beliefs
        classes = pool.beliefs.shape[1]
        self._counts = np.bincount(pool.known_labels, minlength=classes)[:classes].astype(np.float64)
        self._counts += self._beliefs[pool.labelled[pool.label_numbers < 0]].sum(axis=0)
        self._target = (self._counts.sum() + pool.budget) / classes

    def values(self, rows: Integers) -> Values:
        """Expected need of the rows."""
        need = np.clip(1 - self._counts / self._target, 0, 1)
        expected: Values = np.clip(self._beliefs[rows] @ need, 0, 1)
        return expected

    def add(self, pick: int) -> None:
        """Add the pick's expected classes to the counts."""
        self._counts += self._beliefs[pick]
