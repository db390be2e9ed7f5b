"""Interval of a paired difference that few groups decide, by the score test.

Two models that disagree in five groups of a hundred are compared on these five. A bootstrap then draws from five values and
is too narrow: it cannot draw what none of them showed. The score test (Tango 1998, Equivalence test and confidence interval for
the difference in proportions for the paired-sample design, Statistics in Medicine 17; without a margin it is McNemar's) asks of
each possible difference how much spread there would be if it were true, and holds the found one against that. Here it is applied
to contributions of groups instead of single images: their wins and losses are rates of weighted counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np

from pipeline_tasks.intervals.bootstrap import Floats, Integers, Interval

COPIES = 64
_NOTHING, _HALVINGS = 1e-12, 60


def one_copy_less(groups: int) -> Floats:
    """Draws of `COPIES` of each group: first all of them, then all but one copy of the first, of the second, and so on."""
    return np.concatenate([np.full((1, groups), float(COPIES)), COPIES - np.eye(groups)])


def contributions(values: Floats, images: Integers) -> Floats:
    """Share of each group in a figure, from the figure's values in the draws of `one_copy_less`; together about the figure.

    The infinitesimal jackknife (Efron, Tibshirani 1993, chapter 21) beside each group's share of the images. Leaving out whole
    groups would weigh those of rare classes too much.
    """
    whole, without = values[0], values[1:]
    added: Floats = COPIES * (whole - without) + whole * images / images.sum()
    return added


def few_differences_interval(added: Floats, images: Integers, confidence: float) -> Interval:
    """Bounds of a difference of figures from 0 to 1, from what each group adds to it.

    `images` of each group say how much one can add at all.
    """
    possible = images / images.sum()
    gained, lost = float(added[added > 0].sum()), float(-added[added < 0].sum())
    usual = float((possible**2).sum())
    seen = float((added**2).sum()) / (gained + lost) if gained + lost > _NOTHING else usual
    differing = (gained + lost) / (seen * len(added))
    rates = _Rates(gained, lost, seen, differing * seen + (1 - differing) * usual)
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    return Interval(max(_bound(rates, z, -1.0), -1.0), min(_bound(rates, z, 1.0), 1.0))


def least_margin(images: Integers, confidence: float) -> float:
    """Half width of the interval of two models that agree on every image: no smaller margin can be shown on these groups."""
    return max(0.0, few_differences_interval(np.zeros(len(images)), images, confidence).high)


@dataclass(frozen=True)
class _Rates:
    """Sums that groups added and took, and the weights of groups."""

    gained: float
    lost: float
    weight: float
    """Mean weight of the groups that differ, by what they add."""
    unseen_weight: float
    """Mean weight of groups that would differ beyond these: as far as most groups do differ already, what they add; else what any
    group could add.
    """

    @property
    def difference(self) -> float:
        """The found difference."""
        return self.gained - self.lost

    def distance(self, supposed: float) -> float:
        """Standard errors between the found difference and a supposed one, if that were true."""
        found = self.gained + self.lost
        slope = 2 * supposed - found
        lost = max(0.0, -supposed, (sqrt(max(slope * slope + 8 * self.lost * supposed, 0.0)) - slope) / 4)
        differing = 2 * lost + supposed
        variance = self.weight * min(differing, found) + self.unseen_weight * max(differing - found, 0.0)
        return abs(self.difference - supposed) / sqrt(max(variance, _NOTHING**2))


def _bound(rates: _Rates, z: float, side: float) -> float:
    """The difference on this side that is `z` standard errors away, by bisection."""
    near, far = rates.difference, rates.difference + side * (2.0 + abs(rates.difference))
    for _ in range(_HALVINGS):
        middle = (near + far) / 2
        near, far = (middle, far) if rates.distance(middle) < z else (near, middle)
    return near
