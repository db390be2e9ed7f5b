"""Agreement between annotators on images with several annotations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from pipeline_tasks.kinds.agreement import Agreement, over_pairs, shared_only


def agreement(annotations: Mapping[str, Mapping[str, str]]) -> Agreement:
    """Measure agreement in image → annotator → class."""
    found = over_pairs(annotations, lambda one, other: float(one == other))
    return found.saying(lambda: _says(scotts_pi(shared_only(annotations), found.agreeing_ratio or 0.0)))


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
