"""What can speak for an image, each as a value from 0 to 1 that only falls as more is picked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.neighbors.cosine import Integers
from pipeline_tasks.selection import needs, outliers, tagged
from pipeline_tasks.selection.auto import Turns, auto_turns
from pipeline_tasks.selection.coverage import Coverage
from pipeline_tasks.selection.disagreement import bald
from pipeline_tasks.selection.diversity import Diversity
from pipeline_tasks.selection.need import uncertain, uncertain_and_rare
from pipeline_tasks.selection.own import is_own, own_scores
from pipeline_tasks.selection.parts import of_images
from pipeline_tasks.selection.pool import Pool
from pipeline_tasks.selection.typicality import Typical
from pipeline_tasks.selection.uncertainty import entropy, least_confidence, uncertainty

Values = npt.NDArray[np.float64]


class Objective(Protocol):
    """One thing that speaks for an image. Held open while images are picked."""

    def values(self, rows: Integers) -> Values:
        """How much speaks for each row as of now, from 0 to 1."""
        ...

    def add(self, pick: int) -> None:
        """Take notice of a pick."""
        ...


def turns_of(objectives: str | Mapping[str, float], pool: Pool) -> Turns:
    """Turn the setting into weights; all but `auto` have one turn.

    Raises:
        SettingsError: an unknown objective, no objective, a weight that is not above 0, or probabilities are needed and missing.
    """
    if objectives == "auto":
        return auto_turns(pool)
    weights = {objectives: 1.0} if isinstance(objectives, str) else dict(objectives)
    unknown = sorted(name for name in weights if name not in _MAKERS and not is_own(name))
    if unknown or not weights:
        known = ", ".join(_MAKERS)
        raise SettingsError(f"objectives: wanted auto, some of {known}, or module:function; found {', '.join(unknown) or 'none'}")
    if not all(np.isfinite(weight) and weight > 0 for weight in weights.values()):
        raise SettingsError(f"objectives: wanted weights above 0, found {weights}")
    has_parts = pool.wishes.part_probabilities is not None
    lacking = sorted(set(weights) & (_NEED_PROBABILITIES - (_OF_PARTS if has_parts else set())))
    if pool.probabilities is None and lacking:
        raise SettingsError(f"objectives: {', '.join(lacking)}: wanted a model's probabilities, found none")
    return (weights,)


def make_objective(name: str, pool: Pool) -> Objective:
    """The objective of this name over a pool.

    Raises:
        SettingsError: a person's own function is not there, or gives no N scores.
    """
    return Fixed(own_scores(name, pool)) if is_own(name) else _MAKERS[name](pool)


class Fixed:
    """An objective that picks do not change."""

    def __init__(self, scores: Values) -> None:
        """Hold one score a row."""
        self._scores = scores

    def values(self, rows: Integers) -> Values:
        """The rows' scores."""
        return self._scores[rows]

    def add(self, pick: int) -> None:
        """Nothing changes."""


class ClassBalance:
    """How much an image's likely classes still lack against equal shares of labels and picks."""

    def __init__(self, pool: Pool) -> None:
        """Count what is labelled, the unknown by what the model expects."""
        assert pool.probabilities is not None
        self._probabilities = pool.probabilities
        classes = pool.probabilities.shape[1]
        self._counts = np.bincount(pool.known_labels, minlength=classes)[:classes].astype(np.float64)
        self._counts += self._probabilities[pool.labelled[pool.label_numbers < 0]].sum(axis=0)
        self._target = (self._counts.sum() + pool.budget) / classes

    def values(self, rows: Integers) -> Values:
        """The expected need of the rows."""
        need = np.clip(1 - self._counts / self._target, 0, 1)
        expected: Values = np.clip(self._probabilities[rows] @ need, 0, 1)
        return expected

    def add(self, pick: int) -> None:
        """Expect the pick's classes among the labels."""
        self._counts += self._probabilities[pick]


def _coverage(pool: Pool) -> Objective:
    return Coverage(pool.units, pool.labelled, pool.budget, uncertain(pool))


def _balanced_coverage(pool: Pool) -> Objective:
    return Coverage(pool.units, pool.labelled, pool.budget, uncertain_and_rare(pool), crowding=0.5)


def _diversity(pool: Pool) -> Objective:
    return Diversity(pool.units, pool.labelled)


def _typicality(pool: Pool) -> Objective:
    return Typical(pool.units, pool.labelled)


def _margin(pool: Pool) -> Objective:
    return Fixed(of_images(pool, uncertainty))


def _entropy(pool: Pool) -> Objective:
    return Fixed(of_images(pool, entropy))


def _least_confidence(pool: Pool) -> Objective:
    return Fixed(of_images(pool, least_confidence))


def _random(pool: Pool) -> Objective:
    return Fixed(np.random.default_rng(pool.seed).random(len(pool.units)))


_MAKERS: dict[str, Callable[[Pool], Objective]] = {
    "coverage": _coverage,
    "balanced_coverage": _balanced_coverage,
    "diversity": _diversity,
    "typicality": _typicality,
    "margin": _margin,
    "entropy": _entropy,
    "least_confidence": _least_confidence,
    "class_balance": ClassBalance,
    "random": _random,
    "bald": bald,
    "class_target": needs.class_target,
    "metadata_balance": needs.metadata_balance,
    "metadata_weight": needs.metadata_weight,
    "requirements": needs.requirements,
    "outliers": outliers.Outliers,
    "similar_to": tagged.similar_to,
    "away_from": tagged.away_from,
    "errors": tagged.errors,
    "drifted": tagged.drifted,
}
_NEED_PROBABILITIES = {"margin", "entropy", "least_confidence", "class_balance", "class_target", "bald"}
_OF_PARTS = {"margin", "entropy", "least_confidence"}
