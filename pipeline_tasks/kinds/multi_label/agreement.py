"""Likeness of sets of classes, and agreement between annotators by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from pipeline_tasks.kinds.agreement import Agreement, AgreementMeasure, over_pairs, shared_only
from pipeline_tasks.kinds.classes.agreement import scotts_pi

Names = frozenset[str]
MEASURE = AgreementMeasure("mean Jaccard index")
MOST_NAMED = 3
"""Number of classes with the least agreement that are named."""


def jaccard(one: Names, other: Names) -> float:
    """Share of classes in both sets among those in either (Jaccard 1901); 1 for two empty sets."""
    return len(one & other) / len(one | other) if one | other else 1.0


def agreement(annotations: Mapping[str, Mapping[str, Names]], class_names: Sequence[str]) -> Agreement:
    """Mean likeness over all pairs of annotations of one image, from image → annotator → classes."""
    return over_pairs(annotations, jaccard).saying(lambda: _says(shared_only(annotations), class_names))


def _says(shared: Mapping[str, Mapping[str, Names]], class_names: Sequence[str]) -> str:
    """The measure, and the classes that people agree on least."""
    ratios = {name: _equal_ratio(shared, name) for name in class_names}
    least = sorted((ratio, name) for name, ratio in ratios.items() if ratio < 1)[:MOST_NAMED]
    named = ", ".join(f"{name} {100 * ratio:.0f} % of pairs{_beyond_chance(shared, name, ratio)}" for ratio, name in least)
    measure = "the classes that both chose, of those that either chose"
    return f"{measure}; least agreement on {named}" if named else measure


def _equal_ratio(shared: Mapping[str, Mapping[str, Names]], name: str) -> float:
    """Share of pairs that both chose a class or both did not."""
    pairs = [(name in one, name in other) for given in shared.values() for one, other in combinations(given.values(), 2)]
    return sum(one == other for one, other in pairs) / len(pairs)


def _beyond_chance(shared: Mapping[str, Mapping[str, Names]], name: str, ratio: float) -> str:
    annotations = {image: {who: str(name in said) for who, said in given.items()} for image, given in shared.items()}
    pi = scotts_pi(annotations, ratio)
    return "" if pi is None else f" (kappa {pi:.2f})"
