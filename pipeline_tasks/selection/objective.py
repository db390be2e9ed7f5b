"""An objective: one thing that can speak for an image, with a reason in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from pipeline_tasks.neighbors.cosine import Integers

    Values = npt.NDArray[np.float64]


class Ranks(Protocol):
    """Numbers that say how much speaks for each row; they only fall as more is picked. Held open while images are picked."""

    def values(self, rows: Integers) -> Values:
        """How much speaks for each row as of now, from 0 to 1."""
        ...

    def add(self, pick: int) -> None:
        """Take notice of a pick."""
        ...


class Objective(Ranks, Protocol):
    """Numbers and words: what a strategy makes of a pool."""

    def reason(self, pick: int) -> str:
        """Why a row was picked, as part of a sentence; asked for picks only, when all are made."""
        ...


class Spoken:
    """Numbers from one place, words from another."""

    def __init__(self, ranks: Ranks, say: Callable[[int], str]) -> None:
        """`say` gives the reason for a pick."""
        self._ranks = ranks
        self._say = say

    def values(self, rows: Integers) -> Values:
        """The rows' values as of now."""
        return self._ranks.values(rows)

    def add(self, pick: int) -> None:
        """Take notice of a pick."""
        self._ranks.add(pick)

    def reason(self, pick: int) -> str:
        """Why the row was picked."""
        return self._say(pick)


class Scored:
    """One score a row, from 0 to 1, that picks do not change."""

    def __init__(self, scores: Values, say: Callable[[int], str]) -> None:
        """`say` gives the reason for a pick."""
        self._scores = scores
        self._say = say

    def values(self, rows: Integers) -> Values:
        """The rows' scores."""
        return self._scores[rows]

    def add(self, pick: int) -> None:
        """Nothing changes."""

    def reason(self, pick: int) -> str:
        """Why the row was picked."""
        return self._say(pick)
