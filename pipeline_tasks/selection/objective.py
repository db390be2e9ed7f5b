"""Objective: one criterion for selecting an image, with a reason in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from pipeline_tasks.neighbors.cosine import Integers

    Values = npt.NDArray[np.float64]


class Ranks(Protocol):
    """Values of all rows, which only fall with more picks; updated while images are picked."""

    def values(self, rows: Integers) -> Values:
        """Current value of each row, from 0 to 1."""
        ...

    def add(self, pick: int) -> None:
        """Take notice of a pick."""
        ...


class Objective(Ranks, Protocol):
    """Values and reasons of a strategy for a pool."""

    def reason(self, pick: int) -> str:
        """Reason for a pick, as part of a sentence; called for picks only, after the last one."""
        ...


class Spoken:
    """Objective made of values and a separate function for reasons."""

    def __init__(self, ranks: Ranks, say: Callable[[int], str]) -> None:
        """`say` gives the reason for a pick."""
        self._ranks = ranks
        self._say = say

    def values(self, rows: Integers) -> Values:
        """Current values of the rows."""
        return self._ranks.values(rows)

    def add(self, pick: int) -> None:
        """Take notice of a pick."""
        self._ranks.add(pick)

    def reason(self, pick: int) -> str:
        """Reason for the pick."""
        return self._say(pick)


class Scored:
    """Fixed scores of the rows, from 0 to 1."""

    def __init__(self, scores: Values, say: Callable[[int], str]) -> None:
        """`say` gives the reason for a pick."""
        self._scores = scores
        self._say = say

    def values(self, rows: Integers) -> Values:
        """Scores of the rows."""
        return self._scores[rows]

    def add(self, pick: int) -> None:
        """Do nothing; picks do not change the scores."""

    def reason(self, pick: int) -> str:
        """Reason for the pick."""
        return self._say(pick)
