"""Agreement between annotators on images with several annotations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import combinations

from pipeline_tasks.kinds.labeling import Agreement


def agreement(annotations: Mapping[str, Mapping[str, str]]) -> Agreement:
    """Measure agreement in image → annotator → class."""
    shared = {image: given for image, given in annotations.items() if len(given) > 1}
    pairwise: dict[tuple[str, str], tuple[int, float]] = {}
    for given in shared.values():
        for one, other in combinations(sorted(given), 2):
            pairs, agreeing = pairwise.get((one, other), (0, 0))
            pairwise[one, other] = pairs + 1, agreeing + (given[one] == given[other])
    pairs = sum(count for count, _ in pairwise.values())
    if not pairs:
        return Agreement(0, 0, None, {}, "")
    ratio = sum(agreeing for _, agreeing in pairwise.values()) / pairs
    return Agreement(len(shared), pairs, ratio, dict(sorted(pairwise.items())), _says(scotts_pi(shared, ratio)))


def scotts_pi(shared: Mapping[str, Mapping[str, str]], agreeing_ratio: float) -> float | None:
    """Agreement corrected for chance, over pairs (Scott 1955, Reliability of content analysis).

    1 is full agreement, 0 is chance with these shares of classes; None if chance alone gives 1.
    """
    classes = Counter(name for given in shared.values() for name in given.values())
    chance = sum((count / classes.total()) ** 2 for count in classes.values())
    return None if chance == 1 else (agreeing_ratio - chance) / (1 - chance)


def _says(pi: float | None) -> str:
    shown = "not defined, all annotations are one class" if pi is None else f"{pi:.2f}"
    return f"kappa (Scott's pi) {shown}, where 0 is chance and 1 full agreement"
