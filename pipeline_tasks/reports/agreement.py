"""How far people agree on the images that several of them answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations


@dataclass(frozen=True)
class Agreement:
    """Agreement over all pairs of answers to the same image."""

    images: int
    """Images with at least two answers."""
    pairs: int
    agreeing_ratio: float | None
    """None without a pair."""
    kappa: float | None
    """Scott's pi over pairs: 1 is full agreement, 0 what chance gives with these shares of classes; None if chance gives 1."""
    pairwise: dict[tuple[str, str], tuple[int, int]]
    """Two annotators → pairs of answers, of which agreeing."""


def agreement(answers: Mapping[str, Mapping[str, str]]) -> Agreement:
    """Measure agreement in image → annotator → class."""
    shared = {image: given for image, given in answers.items() if len(given) > 1}
    pairwise: dict[tuple[str, str], tuple[int, int]] = {}
    for given in shared.values():
        for one, other in combinations(sorted(given), 2):
            pairs, agreeing = pairwise.get((one, other), (0, 0))
            pairwise[one, other] = pairs + 1, agreeing + (given[one] == given[other])
    pairs = sum(count for count, _ in pairwise.values())
    if not pairs:
        return Agreement(0, 0, None, None, {})
    ratio = sum(agreeing for _, agreeing in pairwise.values()) / pairs
    classes = Counter(name for given in shared.values() for name in given.values())
    chance = sum((count / classes.total()) ** 2 for count in classes.values())
    kappa = None if chance == 1 else (ratio - chance) / (1 - chance)
    return Agreement(len(shared), pairs, ratio, kappa, dict(sorted(pairwise.items())))
