"""Threshold of distance that keeps a target share of the seen images.

It is the quantile of the newest distances that leaves the target share above it, plus `step` for each image that was kept too many.
As it stays between 0 and 1, that number is bounded, and the ratio converges as one over the number of images seen, whatever they
show (the error term of Gibbs and Candes 2021, arXiv 2106.00170, around a tracked quantile as in Angelopoulos, Candes, Tibshirani
2023, arXiv 2307.16895).
"""

from __future__ import annotations

from collections import deque

import numpy as np

WINDOW = 500
"""Newest distances of which the quantile is taken."""
FEWEST = 10
"""Number of distances from which on it is taken. Until then nearly all images are kept, as each is new to the device."""
MADE_UP_FOR = 0.25
"""Way of the threshold by images kept too few; more are not made up for, so that a still scene is not followed by a flood."""


class RatioThreshold:
    """A threshold from `least` up to 1. It stops at `least`: a still scene keeps fewer images than the target, not near copies."""

    def __init__(self, target_ratio: float, step: float, least: float, value: float | None = None) -> None:
        """Start at `value`, or at `least`."""
        self._target_ratio, self._step, self._least = target_ratio, step, least
        self._start = max(least, least if value is None else value)
        self._recent: deque[float] = deque(maxlen=WINDOW)
        self._too_many = 0.0
        self.value = self._start

    def record(self, distance: float, *, is_kept: bool) -> None:
        """Move after an image of this distance to the kept ones."""
        self._recent.append(distance)
        self._too_many = max(self._too_many + float(is_kept) - self._target_ratio, -MADE_UP_FOR / self._step)
        usual = self._start if len(self._recent) < FEWEST else float(np.quantile(self._recent, 1 - self._target_ratio))
        self.value = min(max(usual + self._step * self._too_many, self._least), 1.0 + self._step)
