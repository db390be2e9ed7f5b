"""Scaling of a family of networks: the same stages, wider and deeper (Tan & Le, "EfficientNet", ICML 2019)."""

from __future__ import annotations

import math
from dataclasses import dataclass

_STEP = 8


@dataclass(frozen=True)
class Scaling:
    """Factors of width and depth against the smallest network of a family."""

    width: float = 1.0
    depth: float = 1.0

    def channels(self, unscaled: int) -> int:
        """Channels of a scaled stage: a multiple of 8 that is not below 90 % of the exact number."""
        wanted = unscaled * self.width
        rounded = max(_STEP, int(wanted + _STEP / 2) // _STEP * _STEP)
        return rounded + _STEP if rounded < 0.9 * wanted else rounded

    def repeats(self, unscaled: int) -> int:
        """Blocks of a scaled stage, rounded up."""
        return math.ceil(self.depth * unscaled)
