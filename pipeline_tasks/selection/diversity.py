"""Diversity: pick the images farthest from everything labelled or picked.

K-centre greedy, also called farthest point or core-set selection (Gonzalez 1985; Sener, Savarese 2018, arXiv 1708.00489): its
coverage radius is at most twice the optimum. A row is compared with new centres only if its old distance, which can only fall, is
among the highest: this is exact, and far cheaper than comparing every row with every pick.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline_tasks.neighbors.cosine import Floats, Integers, distances

PRODUCT_ROWS = 4096
PRODUCT_CENTRES = 1024
"""Size of the products that compare rows with centres, so that memory stays bounded."""
FEW_CENTRES = 3
"""Number of rows below which comparing centre by centre is faster than a product."""


class Diversity:
    """Distance to the nearest labelled or picked row, as a share of the largest possible."""

    def __init__(self, units: Floats, labelled: Integers) -> None:
        """Start from the labelled rows of N x D units (rows of length 1); nothing is compared yet."""
        self._units = units
        self._nearest = np.full(len(units), -1, np.float32)
        """Highest cosine of a row to the centres it has been compared with."""
        self._compared = np.zeros(len(units), np.int64)
        """Number of centres, in order, that a row has been compared with."""
        self._centres = units[labelled]
        self._count = len(labelled)

    def values(self, rows: Integers) -> npt.NDArray[np.float64]:
        """Compare the rows with the centres that are new to them."""
        lag = self._count - self._compared[rows]
        # Rows that lag about equally share one product; repeating a comparison does not change the result.
        degree = np.frexp(lag)[1]
        for one in np.unique(degree[lag > 0]):
            self._compare(rows[degree == one])
        return distances(self._nearest[rows])

    def add(self, pick: int) -> None:
        """Add a centre."""
        if self._count == len(self._centres):
            more = np.empty((max(64, self._count), self._units.shape[1]), np.float32)
            self._centres = np.concatenate([self._centres, more])
        self._centres[self._count] = self._units[pick]
        self._count += 1

    def _compare(self, late: Integers) -> None:
        """Update rows, from the first centre that is new to one of them."""
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
    """Cosine of each row to its nearest centre."""
    highest: Floats
    if len(centres) >= FEW_CENTRES:
        highest = (units @ centres.T).max(axis=1)
    else:
        highest = np.max([np.vecdot(units, centre) for centre in centres], axis=0)
    return highest
