"""Agreement beyond chance of two people (Cohen) and of any number of them (Fleiss).

Cohen 1960, A coefficient of agreement for nominal scales; Fleiss 1971, Measuring nominal scale agreement among many raters.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def cohens_kappa(one: npt.ArrayLike, other: npt.ArrayLike) -> float | None:
    """Kappa of two people's names (numbers) for the same images; None for no image, and where chance alone gives 1."""
    first, second = np.asarray(one, np.int64), np.asarray(other, np.int64)
    if not first.size:
        return None
    size = int(max(first.max(), second.max())) + 1
    shares = np.bincount(first, minlength=size) / len(first), np.bincount(second, minlength=size) / len(second)
    return _beyond(float((first == second).mean()), float((shares[0] * shares[1]).sum()))


def fleiss_kappa(counts: npt.ArrayLike) -> float | None:
    """Kappa of votes for each name, images x names; images with fewer than two votes say nothing.

    Where images have different numbers of votes, each agreeing share weighs the same.
    """
    given = np.asarray(counts, np.int64)
    given = given[given.sum(axis=1) >= 2]
    if not given.size:
        return None
    total = given.sum(axis=1)
    agreeing = ((given * (given - 1)).sum(axis=1) / (total * (total - 1))).mean()
    shares = given.sum(axis=0) / total.sum()
    return _beyond(float(agreeing), float((shares**2).sum()))


def _beyond(agreeing: float, chance: float) -> float | None:
    return None if chance >= 1 else (agreeing - chance) / (1 - chance)
