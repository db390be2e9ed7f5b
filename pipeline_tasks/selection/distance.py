"""The least distance that picks keep from each other and from what is labelled, so that no two of them show about the same."""

from __future__ import annotations

from pipeline_tasks.neighbors.cosine import Floats, Integers


class Distance:
    """Says of a row whether it keeps its distance, and remembers those that did."""

    def __init__(self, units: Floats, labelled: Integers, min_distance: float) -> None:
        """Start from the labelled rows of N x D units (rows of length 1); at a distance of 0 nothing is refused."""
        self._units = units
        self._too_near = 1 - min_distance**2 / 2
        self._min_distance = min_distance
        self._taken: list[int] = labelled.tolist()

    def is_kept(self, row: int) -> bool:
        """Whether the row may be picked; from then on it is one to keep away from."""
        if self._min_distance == 0:
            return True
        if self._taken and float((self._units[self._taken] @ self._units[row]).max()) > self._too_near + 1e-6:
            return False
        self._taken.append(row)
        return True
