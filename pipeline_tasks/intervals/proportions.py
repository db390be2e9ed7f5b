"""Shares of images that a model got wrong before people labelled them: a label it already predicted teaches it little.

The interval of the difference between two independent shares is by Newcombe 1998, Interval estimation for the difference
between independent proportions, Statistics in Medicine 17, method 10 (two Wilson intervals combined).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

from pipeline_tasks.intervals.resampled import Estimate


@dataclass(frozen=True)
class Wrong:
    """Number of an arm's images that the model of their night got wrong."""

    images: int = 0
    wrong: int = 0

    def __add__(self, other: Wrong) -> Wrong:
        """Sum over both nights."""
        return Wrong(self.images + other.images, self.wrong + other.wrong)

    @property
    def ratio(self) -> float:
        """Share of wrong images; 0 if there are no images."""
        return self.wrong / self.images if self.images else 0.0


def surprise(chosen: Wrong, drawn: Wrong, confidence: float) -> Estimate | None:
    """Difference between the wrong shares of chosen and of drawn images; None if an arm has no images."""
    if not chosen.images or not drawn.images:
        return None
    (low, high), (other_low, other_high) = wilson(chosen, confidence), wilson(drawn, confidence)
    one, other = chosen.ratio, drawn.ratio
    below, above = sqrt((one - low) ** 2 + (other_high - other) ** 2), sqrt((high - one) ** 2 + (other - other_low) ** 2)
    return Estimate(one - other, one - other - below, one - other + above)


def wilson(found: Wrong, confidence: float) -> tuple[float, float]:
    """Wilson's score interval of a share; needs at least one image."""
    z, count = NormalDist().inv_cdf(0.5 + confidence / 2), found.images
    centre = found.ratio + z * z / (2 * count)
    reach = z * sqrt(found.ratio * (1 - found.ratio) / count + z * z / (4 * count * count))
    return (centre - reach) / (1 + z * z / count), (centre + reach) / (1 + z * z / count)
