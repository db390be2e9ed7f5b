"""What can speak for a picture, each as a value from 0 to 1 that only falls as more is picked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.neighbors.cosine import Integers
from pipeline_tasks.selection.coverage import Coverage
from pipeline_tasks.selection.diversity import Diversity
from pipeline_tasks.selection.pool import Pool
from pipeline_tasks.selection.typicality import Typical

Values = npt.NDArray[np.float64]

FEW_LABELS_A_CLASS = 20
"""Up to here coverage beats uncertainty on frozen features (published results: 1 to 20 labels a class)."""


class Objective(Protocol):
    """One thing that speaks for a picture. Held open while pictures are picked."""

    def values(self, rows: Integers) -> Values:
        """How much speaks for each row as of now, from 0 to 1."""
        ...

    def add(self, pick: int) -> None:
        """Take notice of a pick."""
        ...


def weights_of(objectives: str | Mapping[str, float], known_labels: int, classes: int | None) -> dict[str, float]:
    """Turn the setting into name → weight; `classes` is None where there are no probabilities.

    Raises:
        SettingsError: an unknown objective, no objective, a weight that is not above 0, or probabilities are needed and missing.
    """
    weights = _auto(known_labels, classes) if objectives == "auto" else objectives
    weights = {weights: 1.0} if isinstance(weights, str) else dict(weights)
    unknown = sorted(set(weights) - set(_MAKERS))
    if unknown or not weights:
        raise SettingsError(f"objectives: wanted auto or some of {', '.join(_MAKERS)}; found {', '.join(unknown) or 'none'}")
    if not all(np.isfinite(weight) and weight > 0 for weight in weights.values()):
        raise SettingsError(f"objectives: wanted weights above 0, found {weights}")
    lacking = sorted(set(weights) & _NEED_PROBABILITIES)
    if classes is None and lacking:
        raise SettingsError(f"objectives: {', '.join(lacking)}: wanted a model's probabilities, found none")
    return weights


def make_objective(name: str, pool: Pool) -> Objective:
    """The objective of this name over a pool."""
    return _MAKERS[name](pool)


def uncertainty(probabilities: Values) -> Values:
    """1 minus the margin between the two likeliest classes, a row; 1 where they are equally likely."""
    highest = np.partition(probabilities, -2, axis=1)[:, -2:]
    wavering: Values = np.clip(1 - (highest[:, 1] - highest[:, 0]), 0, 1)
    return wavering


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
    """How much a picture's likely classes still lack against equal shares of labels and picks."""

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


def _auto(known_labels: int, classes: int | None) -> dict[str, float]:
    """Coverage while labels are few, then margin with class balance."""
    if classes is None:
        return {"coverage": 1.0}
    if known_labels < FEW_LABELS_A_CLASS * classes:
        return {"coverage": 1.0, "class_balance": 0.5}
    return {"margin": 1.0, "coverage": 0.5, "class_balance": 0.5}


def _coverage(pool: Pool) -> Objective:
    weights = np.ones(len(pool.units)) if pool.probabilities is None else uncertainty(pool.probabilities)
    return Coverage(pool.units, pool.labelled, pool.budget, weights)


def _diversity(pool: Pool) -> Objective:
    return Diversity(pool.units, pool.labelled)


def _typicality(pool: Pool) -> Objective:
    return Typical(pool.units, pool.labelled)


def _margin(pool: Pool) -> Objective:
    assert pool.probabilities is not None
    return Fixed(uncertainty(pool.probabilities))


def _random(pool: Pool) -> Objective:
    return Fixed(np.random.default_rng(pool.seed).random(len(pool.units)))


_MAKERS: dict[str, Callable[[Pool], Objective]] = {
    "coverage": _coverage,
    "diversity": _diversity,
    "typicality": _typicality,
    "margin": _margin,
    "class_balance": ClassBalance,
    "random": _random,
}
_NEED_PROBABILITIES = {"margin", "class_balance"}
