"""Rounds of asking for labels on one set whose labels are known: a split, a budget that doubles, a logistic head after each round.

Needs numpy and scikit-learn only, so that peers run the same rounds and the same head in an environment of their own. A linear
head's weights lie in the span of its training rows, so that it is fitted on as many coordinates as there are labels: the same
head as on all D, in a fraction of the time.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

FIRST_LABELS_A_CLASS = 5
TEST_RATIO = 1 / 3
MOST_TEST_GROUPS = 60
"""Of a class; what is left makes the pool larger."""
LARGEST_POOL_SHARE = 0.8
"""A budget above this share of the pool is nearly all of it, whoever chooses."""
Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class LabelledSet:
    """Embeddings (N x D, rows of length 1) with classes from 0 and groups that no split tears apart."""

    name: str
    units: Floats
    numbers: Integers
    groups: Integers

    @property
    def classes(self) -> int:
        """Number of images."""
        return int(self.numbers.max()) + 1


@dataclass(frozen=True)
class Asked:
    """Inputs of a strategy; row numbers are the pool's."""

    units: Floats
    chosen: Integers
    labels: Integers
    beliefs: npt.NDArray[np.float64] | None
    """The head's, N x C; None before the first labels."""
    count: int
    classes: int
    seed: int


Strategy = Callable[[Asked], Integers]


def split(given: LabelledSet, tail: float, seed: int) -> tuple[Integers, Integers]:
    """Pool and test rows: a third of each class's groups, at most 60, is the test.

    A tail below 1 thins the pool's classes by a power law, in an order drawn with the seed: the rarest keeps this share, but at
    least as many as the first labels a class.
    """
    generator = np.random.default_rng(seed)
    classes = generator.permutation(given.classes)
    power = -np.log(tail) / np.log(max(2, given.classes))
    is_test = _test_groups(given, generator)
    pool = []
    for rank, one in enumerate(classes):
        rows = generator.permutation(np.flatnonzero((given.numbers == one) & ~is_test))
        pool.append(rows[: max(FIRST_LABELS_A_CLASS, round(len(rows) * float(rank + 1) ** -power))])
    return np.sort(np.concatenate(pool)), np.flatnonzero(is_test)


def budgets(classes: int, pool: int) -> list[int]:
    """From five a class, doubling, as far as the pool leaves something to choose."""
    first = FIRST_LABELS_A_CLASS * classes
    return [first * 2**step for step in range(20) if first * 2**step <= LARGEST_POOL_SHARE * pool]


def scaled(units: Floats) -> Floats:
    """Rows centred and scaled to a mean variance of 1 a coordinate."""
    centred = units - units.mean(axis=0)
    centred /= centred.std()
    return centred


def accuracies(given: LabelledSet, features: Floats, tail: float, seed: int, strategy: Strategy) -> dict[int, float]:
    """Budget and balanced accuracy on the test rows of the head trained on that many choices."""
    pool, test = split(given, tail, seed)
    chosen: Integers = np.empty(0, np.int64)
    beliefs = None
    found: dict[int, float] = {}
    for budget in budgets(given.classes, len(pool)):
        known = given.numbers[pool[chosen]]
        asked = Asked(given.units[pool], chosen, known, beliefs, budget - len(chosen), given.classes, seed)
        picks = strategy(asked)
        chosen = np.concatenate([chosen, picks])
        if len(np.unique(chosen)) != budget:
            raise SystemExit(f"{given.name}: wanted {budget} different picks, found {len(np.unique(chosen))}")
        predicted = fit_head(features, pool[chosen], given.numbers[pool[chosen]], given.classes, np.concatenate([pool, test]))
        beliefs = predicted[: len(pool)]
        found[budget] = balanced_accuracy(predicted[len(pool) :].argmax(axis=1), given.numbers[test])
    return found


def fit_head(features: Floats, rows: Integers, numbers: Integers, classes: int, asked: Integers) -> npt.NDArray[np.float64]:
    """Probabilities (A x C) of the rows `asked` by an L2-regularised logistic head (scikit-learn's default) fitted on `rows`."""
    predicted = np.zeros((len(asked), classes))
    if len(np.unique(numbers)) < 2:
        predicted[:, numbers[0]] = 1
        return predicted
    products = (features[rows] @ features[rows].T).astype(np.float64)
    values, vectors = np.linalg.eigh(products)
    kept = values > 1e-6 * values[-1]
    basis = vectors[:, kept] / np.sqrt(values[kept])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        head = LogisticRegression(max_iter=300).fit(products @ basis, numbers)
    predicted[:, head.classes_] = head.predict_proba(features[asked] @ (features[rows].T @ basis))
    return predicted


def balanced_accuracy(predicted: Integers, numbers: Integers) -> float:
    """The mean over classes of the share that is right."""
    right = np.bincount(numbers[predicted == numbers], minlength=int(numbers.max()) + 1)
    of = np.bincount(numbers)
    return float((right[of > 0] / of[of > 0]).mean())


def _test_groups(given: LabelledSet, generator: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Rows of the groups that are the test; a group goes by the class of its first row."""
    names, firsts = np.unique(given.groups, return_index=True)
    is_test = np.zeros(int(names.max()) + 1, np.bool_)
    for one in range(given.classes):
        of_class = generator.permutation(names[given.numbers[firsts] == one])
        is_test[of_class[: max(1, min(MOST_TEST_GROUPS, round(len(of_class) * TEST_RATIO)))]] = True
    rows: npt.NDArray[np.bool_] = is_test[given.groups]
    return rows


def all_accuracies(
    given: LabelledSet, tail: float, seeds: int, strategies: Mapping[str, Strategy]
) -> dict[str, dict[int, list[float]]]:
    """Strategy → budget → balanced accuracy of each seed; a budget that not every seed's pool allows is left out."""
    features = scaled(given.units)
    found: dict[str, dict[int, list[float]]] = {}
    for name, strategy in strategies.items():
        runs = [accuracies(given, features, tail, seed, strategy) for seed in range(seeds)]
        found[name] = {budget: [run[budget] for run in runs] for budget in runs[0] if all(budget in run for run in runs)}
    return found
