"""Likeness to tagged images, for selecting similar or dissimilar ones.

A Gaussian kernel of the distance between embeddings; its width is the distance within which the nearest twentieth of the pool is
from the tagged images (a quantile instead of the median heuristic: Garreau, Jitkrittum, Kanagawa 2017, arXiv 1707.07269).
An example image is a query; a query in words needs a backbone that reads text, which the shipped one does not.
Errors and drifted images are diverse: each pick reduces the remaining demand of the tagged images near it, so that the next pick
serves other ones (facility location with saturation: Wei, Iyer, Bilmes 2015, Submodularity in data subset selection).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.neighbors.cosine import Floats, Integers
from pipeline_tasks.selection.pool import Pool

Values = npt.NDArray[np.float64]

MOST_TAGGED = 256
"""Maximum number of tagged images; of more, those with the highest weights are used."""
NEAR_SHARE = 0.05


def likeness(pool: Pool, tag: str) -> Values:
    """Likeness of each row to the nearest tagged one, scaled by the tagged ones' weights, from 0 to 1."""
    near, weights = _kernel(pool, tag)
    return _highest(near * weights)


class Demand:
    """Share of the tagged images' remaining demand that a row serves."""

    def __init__(self, pool: Pool, tag: str) -> None:
        """Start with the full demand of all images of this tag."""
        self._near, weights = _kernel(pool, tag)
        self._asks = weights.copy()

    def values(self, rows: Integers) -> Values:
        """Highest served demand of each row."""
        return _highest(self._near[rows] * self._asks)

    def add(self, pick: int) -> None:
        """Halve the demand of tagged images at the pick."""
        self._asks *= 1 - self._near[pick] / 2


def _kernel(pool: Pool, tag: str) -> tuple[Floats, Floats]:
    """Likeness of each row to each tagged one, N x T from 0 to 1, and the tagged rows' weights as shares of the highest."""
    tagged: Mapping[int, float] | None = pool.wishes.tagged.get(tag)
    if tagged is None:
        raise SettingsError(f"objectives: {tag}: wanted tagged images, found none; see `tagged` in `Wishes`")
    heaviest = sorted(tagged, key=lambda row: (-tagged[row], row))[:MOST_TAGGED]
    weights = np.array([tagged[row] for row in heaviest], np.float32)
    squared = np.clip(2 - 2 * (pool.units @ pool.units[np.array(heaviest, np.int64)].T), 0, 4)
    others = squared[squared > 1e-6]
    width = max(float(np.quantile(others, NEAR_SHARE)), 1e-6) if others.size else 1.0
    near: Floats = np.exp(-squared / width).astype(np.float32)
    return near, weights / max(float(weights.max(initial=0)), 1e-12)


def _highest(values: npt.NDArray[np.float32]) -> Values:
    """Highest value of each row; 0 without columns."""
    highest: Values = np.clip(values.max(axis=1, initial=0).astype(np.float64), 0, 1)
    return highest
