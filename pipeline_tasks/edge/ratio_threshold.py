"""Threshold of distance that settles where a target share of the seen images is kept.

After each image it moves by `step` times (kept - target): kept images raise it, others lower it. So it is always `step` times the
number of images kept too many above its start. As it stays between 0 and 1, that number is bounded, and the ratio converges as one
over the number of images seen, whatever they show (as the online quantile of Gibbs and Candes 2021, arXiv 2106.00170, eq. 2).
"""

from __future__ import annotations


class RatioThreshold:
    """A threshold from `least` up to 1. At `least` it stops: a still scene keeps fewer images than the target, not near copies."""

    def __init__(self, target_ratio: float, step: float, least: float, value: float | None = None) -> None:
        """Start at `value`, or at `least`."""
        self._target_ratio, self._step, self._least = target_ratio, step, least
        self.value = max(least, least if value is None else value)

    def record(self, *, is_kept: bool) -> None:
        """Move after an image that was kept or not."""
        moved = self.value + self._step * (float(is_kept) - self._target_ratio)
        self.value = min(max(moved, self._least), 1.0 + self._step)
