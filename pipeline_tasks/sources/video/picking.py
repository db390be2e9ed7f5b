"""Frames to pick from a clip, one after another, by their times."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIDE_PX = 32
"""Side of the small grey frames that are compared."""


@dataclass(frozen=True)
class PickRule:
    """Settings of the source that decide which frames are picked."""

    pick: str
    every_s: float
    scene_difference: float


class Picker:
    """Decides frame by frame; times must not go back."""

    def __init__(self, rule: PickRule) -> None:
        """Pick the first frame that comes."""
        self._rule = rule
        self._due_s = 0.0
        self._last: NDArray[np.uint8] | None = None

    def is_due(self, time_s: float) -> bool:
        """Return True if a frame of this time may be picked."""
        # Times are multiples of a container's tick, which a step of time may miss by less than any tick.
        return time_s >= self._due_s - 1e-6

    def is_picked(self, time_s: float, small: NDArray[np.uint8] | None) -> bool:
        """Decide about a frame that is due, and remember it if it is picked; `small` is needed for scenes only."""
        if self._rule.pick == "scenes" and small is not None:
            if self._last is not None and _difference(small, self._last) <= self._rule.scene_difference:
                return False
            self._last = small
        every_s = self._rule.every_s
        if self._rule.pick == "scenes":
            self._due_s = time_s + every_s
        elif every_s > 0:
            self._due_s = (math.floor(time_s / every_s + 1e-6) + 1) * every_s
        return True


def _difference(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    return float(np.abs(one.astype(np.int16) - other).mean()) / 255
