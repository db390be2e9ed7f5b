"""Minimum distance between picks, and from labelled images, so that no two show nearly the same."""

from __future__ import annotations

from pipeline_tasks.neighbors.cosine import Floats, Integers


class Distance:
    """Minimum distance from labelled and picked rows."""

    def __init__(self, units: Floats, labelled: Integers, min_distance: float) -> None:
        """Start from the labelled rows of N x D units (rows of length 1); a distance of 0 refuses no row."""
        self._units = units
        self._too_near = 1 - min_distance**2 / 2
        self._min_distance = min_distance
        self._taken: list[int] = labelled.tolist()

    def is_kept(self, row: int) -> bool:
        """Return True if the row may be picked; later rows must then keep away from it, too."""
        if self._min_distance == 0:
            return True
        if self._taken and float((self._units[self._taken] @ self._units[row]).max()) > self._too_near + 1e-6:
            return False
        self._taken.append(row)
        return True
