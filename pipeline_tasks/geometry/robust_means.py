"""Robust means of positions that several people set."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
FREE_SHARE = 0.1
"""A position that lies further from the median than this share of the side has less weight (Huber's weights): the mean is best for
small errors of the hand, and one position far off moves it little."""


def robust_means(positions: Floats, side_px: Floats) -> Floats:
    """Mean of each column (people x positions) with Huber's weights around its median.

    `side_px` is the side of the object for each position, greater than 0. The order of people does not matter.
    """
    positions = np.sort(positions, axis=0)
    away = np.abs(positions - np.median(positions, axis=0))
    free = FREE_SHARE * side_px
    weights = free / np.maximum(away, free)
    means: Floats = (positions * weights).sum(axis=0) / weights.sum(axis=0)
    return means
