"""Intervals of shares and of their differences and means, by Wilson's score interval.

Wilson 1927, Probable inference, Journal of the American Statistical Association 22. Differences: Newcombe 1998, Interval
estimation for the difference between independent proportions, Statistics in Medicine 17, method 10. Means of several shares
combine their intervals in the same way: Zou, Donner 2008, Construction of confidence limits about effect measures, Statistics
in Medicine 27 (MOVER).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot, sqrt
from statistics import NormalDist

from pipeline_tasks.intervals.bootstrap import Floats, Interval, percentile_interval
from pipeline_tasks.intervals.resampled import Estimate

_NO_SPREAD = 1e-12


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
    return share_difference((chosen.ratio, chosen.images), (drawn.ratio, drawn.images), confidence)


def share_difference(one: tuple[float, int], other: tuple[float, int], confidence: float) -> Estimate | None:
    """Difference of two independent shares, each given with its number of observations; None if there are none of one."""
    (share, count), (other_share, other_count) = one, other
    if not count or not other_count:
        return None
    (low, high), (other_low, other_high) = wilson(share, count, confidence), wilson(other_share, other_count, confidence)
    below, above = hypot(share - low, other_high - other_share), hypot(high - share, other_share - other_low)
    return Estimate(share - other_share, share - other_share - below, share - other_share + above)


def wilson(share: float, count: int, confidence: float) -> tuple[float, float]:
    """Wilson's score interval of a share of `count` independent observations, at least one."""
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    centre = share + z * z / (2 * count)
    reach = z * sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return max(0.0, (centre - reach) / (1 + z * z / count)), min(1.0, (centre + reach) / (1 + z * z / count))


def observations_for(half_width: float, share: float, confidence: float) -> int:
    """Fewest observations with which Wilson's interval of such a share is at most twice the half-width (above 0) wide."""
    few, enough = 0, 1
    while _half_width(share, enough, confidence) > half_width:
        few, enough = enough, 2 * enough
    while enough - few > 1:
        middle = (few + enough) // 2
        few, enough = (few, middle) if _half_width(share, middle, confidence) <= half_width else (middle, enough)
    return enough


def _half_width(share: float, count: int, confidence: float) -> float:
    low, high = wilson(share, count, confidence)
    return (high - low) / 2


def interval_of_shares(draws: Floats, shares: Sequence[tuple[float, int]], confidence: float) -> Interval:
    """Bootstrap interval of the mean of shares, each given with its number of independent groups.

    Where all draws agree, as for 18 right images of 18, the bootstrap has no spread and would claim certainty; then it is
    Wilson's interval over the groups.
    """
    found = percentile_interval(draws, confidence)
    if not shares or found.high - found.low > _NO_SPREAD:
        return found
    return Interval(*_mean_of_shares(shares, confidence))


def _mean_of_shares(shares: Sequence[tuple[float, int]], confidence: float) -> tuple[float, float]:
    """Interval of the mean of independent shares, each with its number of independent observations."""
    mean = sum(share for share, _ in shares) / len(shares)
    bounds = [wilson(share, count, confidence) for share, count in shares]
    below = hypot(*(share - low for (share, _), (low, _) in zip(shares, bounds, strict=True))) / len(shares)
    above = hypot(*(high - share for (share, _), (_, high) in zip(shares, bounds, strict=True))) / len(shares)
    return mean - below, mean + above
