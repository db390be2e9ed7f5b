"""How often a model was wrong about images before people answered: an answer that it knew already teaches it little.

Wrong shares of two independent samples, with the interval of their difference by Newcombe 1998, Interval estimation for the
difference between independent proportions, Statistics in Medicine 17, method 10 (two Wilson intervals put together).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

from pipeline_tasks.intervals.resampled import Estimate


@dataclass(frozen=True)
class Wrong:
    """How many of an arm's images the model of their night was wrong about."""

    images: int = 0
    wrong: int = 0

    def __add__(self, other: Wrong) -> Wrong:
        """Of both nights together."""
        return Wrong(self.images + other.images, self.wrong + other.wrong)

    @property
    def ratio(self) -> float:
        """Share of the images; of none at all it is 0."""
        return self.wrong / self.images if self.images else 0.0


def surprise(chosen: Wrong, drawn: Wrong, confidence: float) -> Estimate | None:
    """How much more often the model was wrong about chosen images than about drawn ones; None where an arm has none."""
    if not chosen.images or not drawn.images:
        return None
    (low, high), (other_low, other_high) = wilson(chosen, confidence), wilson(drawn, confidence)
    one, other = chosen.ratio, drawn.ratio
    below, above = sqrt((one - low) ** 2 + (other_high - other) ** 2), sqrt((high - one) ** 2 + (other - other_low) ** 2)
    return Estimate(one - other, one - other - below, one - other + above)


def wilson(found: Wrong, confidence: float) -> tuple[float, float]:
    """Wilson's score interval of a share of at least one image."""
    z, count = NormalDist().inv_cdf(0.5 + confidence / 2), found.images
    centre = found.ratio + z * z / (2 * count)
    reach = z * sqrt(found.ratio * (1 - found.ratio) / count + z * z / (4 * count * count))
    return (centre - reach) / (1 + z * z / count), (centre + reach) / (1 + z * z / count)
