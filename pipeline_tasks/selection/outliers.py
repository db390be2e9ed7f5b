"""Outliers: rare and corner cases, far from even their nearest neighbours.

The mean distance to the k nearest (Angiulli, Pizzuti 2002, Fast outlier detection in high dimensional spaces; k nearest neighbours
beat newer methods on frozen features: Bergman, Cohen, Hoshen 2020, arXiv 2002.10445), as a rank, because distances of outliers have
no scale. It is reduced near labelled or picked images, so that the same rare thing is not selected twice.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline_tasks.neighbors.cells import nearest_in_cells
from pipeline_tasks.neighbors.cosine import Floats, Integers, nearest
from pipeline_tasks.selection.coverage import MOST_EXACT_ROWS
from pipeline_tasks.selection.diversity import Diversity
from pipeline_tasks.selection.pool import Pool

Values = npt.NDArray[np.float64]

NEIGHBORS = 10


class Outliers:
    """Rank by distance to the nearest neighbours, times the distance to the nearest labelled or picked row."""

    def __init__(self, pool: Pool) -> None:
        """Measure the pool once; `ranks` are the shares of the N rows that are nearer to their neighbours."""
        self.ranks = outlier_ranks(pool.units)
        self._diversity = Diversity(pool.units, pool.labelled)

    def values(self, rows: Integers) -> Values:
        """Current values of the rows, from 0 to 1."""
        values: Values = self.ranks[rows] * self._diversity.values(rows)
        return values

    def add(self, pick: int) -> None:
        """Reduce the values of rows near the pick."""
        self._diversity.add(pick)


def outlier_ranks(units: Floats) -> Values:
    """Share of the N rows (N x D, of length 1) that are nearer to their neighbours; equal distances have equal ranks."""
    count = min(NEIGHBORS + 1, len(units))
    if count < 2:
        return np.zeros(len(units))
    search = nearest_in_cells(units, count) if len(units) > MOST_EXACT_ROWS else nearest(units, units, count)
    # The nearest row is the row itself.
    distances = np.sqrt(np.clip(2 - 2 * search[1][:, 1:].astype(np.float64), 0, 4)).mean(axis=1).round(6)
    ranks: Values = np.searchsorted(np.sort(distances), distances, side="left") / max(1, len(units) - 1)
    return ranks
