"""Intervals for figures measured repeatedly on overlapping draws of the same data.

Corrected resampled t-test: Nadeau, Bengio 2003, Inference for the generalization error, Machine Learning 52, 239-281. The
variance over draws is raised by the ratio of test to training images, because draws that share data vary less than fresh data.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Estimate:
    """A figure with the bounds of a two-sided interval."""

    value: float
    low: float
    high: float


def corrected_interval(draws: npt.NDArray[np.float64], test_ratio: float, confidence: float) -> Estimate:
    """Mean of a figure's draws (at least 2) and its interval; `test_ratio` is test rows per training row in a draw."""
    count = len(draws)
    error = float(np.sqrt(draws.var(ddof=1) * (1 / count + test_ratio)))
    reach = student_quantile(0.5 + confidence / 2, count - 1) * error
    mean = float(draws.mean())
    return Estimate(mean, mean - reach, mean + reach)


def student_quantile(share: float, freedom: int) -> float:
    """Student's quantile, expanded around the normal one (Abramowitz, Stegun 1964, 26.7.5); within 1e-3 from 10 degrees on."""
    z = NormalDist().inv_cdf(share)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3
