"""An objective whose scores picks do not change, and which says itself why an image stands out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from pipeline_tasks.neighbors.cosine import Integers

Values = npt.NDArray[np.float64]


@runtime_checkable
class Speaking(Protocol):
    """An objective that words its own reasons."""

    def words(self, pick: int) -> str:
        """Why a row was picked, as part of a sentence; asked for picks only."""
        ...


class Scored:
    """One score a row, from 0 to 1."""

    def __init__(self, scores: Values, say: Callable[[int], str]) -> None:
        """Hold the scores, and what says why a row has its own."""
        self._scores = scores
        self._say = say

    def values(self, rows: Integers) -> Values:
        """The rows' scores."""
        return self._scores[rows]

    def add(self, pick: int) -> None:
        """Nothing changes."""

    def words(self, pick: int) -> str:
        """Why the row was picked."""
        return self._say(pick)
