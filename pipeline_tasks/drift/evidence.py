"""Evidence of drift over many looks, with few false alarms however long one watches.

A look's p becomes an e-value, which is at most 1 on average where nothing drifted (calibrator: Vovk, Wang, E-values, Annals of
Statistics 49, 2021). Evidence is the product of e-values since the night that suits drift best: e x max(1, evidence before), the
CUSUM form of an e-detector (Shin, Ramdas, Rinaldo, E-detectors, New England Journal of Statistics in Data Science 2, 2024). Without
drift an alarm at evidence of 1 / rate comes on average after at least 1 / rate looks, if each p is one given those before it.

That holds exactly if the reference of each night is drawn from the first reference *and all nights since* (`grown_reference`): then
p-values of exchange tests are independent of each other (as of conformal prediction: Vovk, Gammerman, Shafer, Algorithmic Learning
in a Random World, 2005, with nights in place of observations). Against a reference that stays the same, each night's p is right by
itself, and nights share the reference's own luck.

Half of the calibrator pays 1 / 0.005 for p up to 0.005, so that one plain night is an alarm; the other half, 1 / (2 √p), adds up
small drift over nights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from pipeline_tasks.drift.looking import Look
from pipeline_tasks.drift.sample import Sample, joined

RATE = 0.01
"""False alarms a look, on average over a long time, at most."""
_PLAIN = 0.005


@dataclass(frozen=True)
class Evidence:
    """Evidence so far; the first is `Evidence()`."""

    value: float = 1.0
    looks: int = 0
    """Looks since the night from which drift would be."""
    is_alarm: bool = False
    """Evidence of at least 1 / rate, and an effect that matters in this look."""


def e_value(p: float) -> float:
    """Evidence of one p-value (above 0): at most 1 on average where it is one."""
    return 0.5 * (p <= _PLAIN) / _PLAIN + 0.25 / sqrt(p)


def with_look(before: Evidence, found: Look, rate: float = RATE) -> Evidence:
    """Evidence with one more look; start anew with `Evidence()` when an alarm was acted on.

    A look with too few images changes nothing.
    """
    if not found.records:
        return Evidence(before.value, before.looks)
    is_fresh = before.value <= 1
    value = e_value(found.p) * max(1.0, before.value)
    return Evidence(value, 1 if is_fresh else before.looks + 1, value >= 1 / rate and found.matters)


def grown_reference(reference: Sample, nights: Sequence[Sample], most: int, seed: int) -> Sample:
    """The reference with all nights since, without which evidence is not exact; of more than `most` images, a drawn part."""
    grown = joined([reference, *nights])
    if len(grown) <= most:
        return grown
    return grown.rows(np.sort(np.random.default_rng(seed).permutation(len(grown))[:most]))
