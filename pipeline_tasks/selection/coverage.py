"""Coverage: pick what stands for most images that nothing labelled stands for yet.

MaxHerding (Bae, Noh, Sutherland 2024, arXiv 2407.12212) with a sparse Gaussian kernel over nearest neighbours; with weights by the
model's uncertainty it is uncertainty herding (arXiv 2412.20644).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline_tasks.neighbors.cells import nearest_in_cells
from pipeline_tasks.neighbors.cosine import Floats, Integers, nearest

FEWEST_NEIGHBORS = 16
MOST_NEIGHBORS = 128
MOST_PAIRS = 2_000_000
"""A small pool has as many neighbours as make this many pairs in all, up to all: the kernel's tail counts where all are far."""
MOST_EXACT_ROWS = 20_000
"""Above this many, neighbours are searched in cells, which finds most of them."""
SCORED_ROWS = 8192


class Coverage:
    """How many images, each counted as far as it is not covered yet, a row would stand for."""

    def __init__(
        self, units: Floats, labelled: Integers, budget: int, weights: npt.NDArray[np.float64], crowding: float = 0.0
    ) -> None:
        """Find each row's neighbours (N x D units, rows of length 1); `weights` says how much each row wants to be covered.

        `crowding` says how much less a row counts that has many near it: 0, all count alike, and picks go where most are; 1, each
        place counts alike, however many are there.
        """
        share = len(units) / max(1, len(labelled) + budget)
        count = int(max(np.clip(4 * share, FEWEST_NEIGHBORS, MOST_NEIGHBORS), MOST_PAIRS // max(1, len(units))))
        is_large = len(units) > MOST_EXACT_ROWS
        numbers, cosines = nearest_in_cells(units, count) if is_large else nearest(units, units, count)
        self._neighbors = numbers.astype(np.int32, copy=False)
        self._kernel = _kernel(cosines, share)
        self._weights = weights / self._kernel.sum(axis=1, dtype=np.float64) ** crowding
        self._covered = np.zeros(len(units), np.float32)
        for row in labelled:
            self._cover(int(row))
        blocks = [np.arange(first, min(first + SCORED_ROWS, len(units))) for first in range(0, len(units), SCORED_ROWS)]
        self._scale = max([float(self.gains(block).max()) for block in blocks] + [1e-12])

    def gains(self, rows: Integers) -> npt.NDArray[np.float64]:
        """How much more would be covered, in images."""
        neighbors = self._neighbors[rows]
        more = np.maximum(self._kernel[rows] - self._covered[neighbors], 0)
        gains: npt.NDArray[np.float64] = (more * self._weights[neighbors]).sum(axis=1, dtype=np.float64)
        return gains

    def values(self, rows: Integers) -> npt.NDArray[np.float64]:
        """Gains as a share of the highest one at the start."""
        return np.clip(self.gains(rows) / self._scale, 0, 1)

    def add(self, pick: int) -> None:
        """Cover the pick's neighbours."""
        self._cover(pick)

    def stands_for(self, row: int) -> int:
        """How many images are about as near to a row as it takes to stand for them, the row itself included."""
        return int((self._kernel[row] >= np.exp(-1)).sum())

    def _cover(self, row: int) -> None:
        neighbors = self._neighbors[row]
        np.maximum.at(self._covered, neighbors, self._kernel[row])


def _kernel(cosines: Floats, share: float) -> Floats:
    """Gaussian kernel whose width is the usual distance at which one of `share` images has its last neighbour."""
    squared = np.clip(2 - 2 * cosines, 0, 4)
    last = min(squared.shape[1] - 1, max(1, round(share)))
    width = max(float(squared[:, last].mean()), 1e-9) if squared.size else 1.0
    np.divide(squared, -width, out=squared)
    kernel: Floats = np.exp(squared, out=squared)
    kernel[cosines <= -1] = 0
    return kernel
