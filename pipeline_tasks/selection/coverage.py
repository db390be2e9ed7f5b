"""Coverage: pick images that represent the most images not yet represented by a label.

MaxHerding (Bae, Noh, Sutherland 2024, arXiv 2407.12212) with a sparse Gaussian kernel over nearest neighbours; weighted by the
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
"""Number of pairs that sets the neighbours in a small pool, up to all, because the kernel's tail matters if all are far apart."""
MOST_EXACT_ROWS = 20_000
"""Number of rows above which neighbours are searched approximately, in cells."""
SCORED_ROWS = 8192


class Coverage:
    """Number of images that a row would represent, each counted by how far it is not covered yet."""

    def __init__(
        self, units: Floats, labelled: Integers, budget: int, weights: npt.NDArray[np.float64], crowding: float = 0.0
    ) -> None:
        """Find each row's neighbours (N x D units, rows of length 1); `weights` are the rows' needs for coverage.

        `crowding` reduces the weight of rows in dense regions: with 0 all rows count the same and picks go to dense regions;
        with 1 each region counts the same, whatever its density.
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
        """Additional coverage, in images."""
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
        """Number of images near enough to be represented by a row, including itself."""
        return int((self._kernel[row] >= np.exp(-1)).sum())

    def _cover(self, row: int) -> None:
        neighbors = self._neighbors[row]
        np.maximum.at(self._covered, neighbors, self._kernel[row])


def _kernel(cosines: Floats, share: float) -> Floats:
    """Gaussian kernel; its width is the typical distance within which an image has `share` of all images."""
    squared = np.clip(2 - 2 * cosines, 0, 4)
    last = min(squared.shape[1] - 1, max(1, round(share)))
    width = max(float(squared[:, last].mean()), 1e-9) if squared.size else 1.0
    np.divide(squared, -width, out=squared)
    kernel: Floats = np.exp(squared, out=squared)
    kernel[cosines <= -1] = 0
    return kernel
