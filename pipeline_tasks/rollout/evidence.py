"""Evidence about a challenger's bad outcomes, by numbers that may be looked at after every request.

Routes are drawn: a request goes to the challenger with the chance `share`. So of the bad outcomes (errors, slow answers, wrong
ones) the challenger has the part share x odds / (share x odds + 1 - share), where `odds` is how many times as often its outcomes
are bad. How often they are bad at all need not be known, may change with the hour, and cancels out.

Against "odds are at most a bound" stands a mixture of larger odds: the ratio of both likelihoods is an e-process, at most 1 on
average at whatever moment one stops, so it exceeds 1 / alpha with a chance of alpha at most, however often one looks (Ville 1939;
Robbins 1970; Ramdas, Grünwald, Vovk, Shafer, "Game-theoretic statistics and safe anytime-valid inference", Statistical Science
2023). Odds below the bound make it smaller on average. Outcomes must be drawn one by one: of a client that always gets one route,
one bad outcome counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FACTORS: npt.NDArray[np.float64] = np.geomspace(1.05, 100, 40).astype(np.float64)
"""Odds of the mixture relative to the bound: from what is hardly worse to what always fails."""
PAIRED = 0.5
"""Share where both models answered: if one of both outcomes is bad, it is either's with the chance of a coin."""


@dataclass(frozen=True)
class BadOutcomes:
    """Bad outcomes while the challenger had one share of the traffic; of paired ones, those where the other outcome was good."""

    share: float
    """Above 0 and below 1."""
    challenger: int
    champion: int


def evidence_of_more(seen: Sequence[BadOutcomes], bound: float = 1.0) -> float:
    """e-value against "the challenger's outcomes are bad at most `bound` times as often as the champion's"; 1 without any."""
    return _mixed(seen, bound, FACTORS)


def evidence_of_less(seen: Sequence[BadOutcomes], bound: float) -> float:
    """e-value against "the challenger's outcomes are bad at least `bound` times as often as the champion's"; 1 without any."""
    return _mixed(seen, bound, 1 / FACTORS)


def _mixed(seen: Sequence[BadOutcomes], bound: float, factors: npt.NDArray[np.float64]) -> float:
    """Mean over the factors of the likelihood ratio of odds bound x factor to the bound."""
    logs = np.zeros(len(factors))
    for one in seen:
        mine, theirs = _part(one.share, bound * factors), _part(one.share, np.array([bound]))
        logs += one.challenger * np.log(mine / theirs) + one.champion * np.log((1 - mine) / (1 - theirs))
    highest = float(logs.max())
    # Beyond 1e300 it would be infinite, which JSON cannot hold.
    return float(np.exp(min(highest + float(np.log(np.exp(logs - highest).mean())), 690.0)))


def _part(share: float, odds: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The challenger's part of all bad outcomes."""
    found: npt.NDArray[np.float64] = share * odds / (share * odds + 1 - share)
    return found
