"""Diversity: pick what lies farthest from everything labelled or picked.

K-centre greedy, also called farthest point or core-set selection (Gonzalez 1985; Sener, Savarese 2018, arXiv 1708.00489): its
coverage radius is at most twice the best possible. A row is compared with centres only when its old distance, which can but fall,
is among the highest: exact, and it reads far less than the N x picks x D numbers of comparing every row with every pick.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline_tasks.neighbors.cosine import Floats, Integers

PRODUCT_ROWS = 4096
PRODUCT_CENTRES = 1024
"""Rows are compared with centres in products of this size, so that memory stays bounded."""
FEW_CENTRES = 3
"""Below this many, centre by centre is faster than a product."""


class Diversity:
    """Distance to the nearest row that is labelled or picked, as a share of the largest possible."""

    def __init__(self, units: Floats, labelled: Integers) -> None:
        """Start from the labelled rows of N x D units (rows of length 1); nothing is compared yet."""
        self._units = units
        self._nearest = np.full(len(units), -1, np.float32)
        """Cosine to the nearest centre that a row has been compared with."""
        self._compared = np.zeros(len(units), np.int64)
        """How many of the centres that are, the first ones."""
        self._centres = units[labelled]
        self._count = len(labelled)

    def values(self, rows: Integers) -> npt.NDArray[np.float64]:
        """Compare the rows with the centres they have not seen."""
        lag = self._count - self._compared[rows]
        # Rows that lag about equally are compared in one product; what some of them have seen before does not change them.
        degree = np.frexp(lag)[1]
        for one in np.unique(degree[lag > 0]):
            self._compare(rows[degree == one])
        distances: npt.NDArray[np.float64] = np.sqrt(np.clip(1 - self._nearest[rows].astype(np.float64), 0, 2) / 2)
        return distances

    def add(self, pick: int) -> None:
        """One centre more."""
        if self._count == len(self._centres):
            more = np.empty((max(64, self._count), self._units.shape[1]), np.float32)
            self._centres = np.concatenate([self._centres, more])
        self._centres[self._count] = self._units[pick]
        self._count += 1

    def _compare(self, late: Integers) -> None:
        """Bring rows up to date, from the first centre that one of them has not seen."""
        since = int(self._compared[late].min())
        for first in range(0, len(late), PRODUCT_ROWS):
            rows = late[first : first + PRODUCT_ROWS]
            units, cosines = self._units[rows], self._nearest[rows]
            for centre in range(since, self._count, PRODUCT_CENTRES):
                block = self._centres[centre : min(centre + PRODUCT_CENTRES, self._count)]
                np.maximum(cosines, _highest_cosines(units, block), out=cosines)
            self._nearest[rows] = cosines
        self._compared[late] = self._count


def _highest_cosines(units: Floats, centres: Floats) -> Floats:
    """Each row's cosine to its nearest centre."""
    highest: Floats
    if len(centres) >= FEW_CENTRES:
        highest = (units @ centres.T).max(axis=1)
    else:
        highest = np.max([np.vecdot(units, centre) for centre in centres], axis=0)
    return highest
