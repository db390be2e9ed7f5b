"""Needs: deficits of the labels against a wanted mix of classes or metadata, or against required numbers.

A need falls as labels and picks meet it (deficit round: Shreedhar, Varghese 1995, of which the greedy pick is the one-queue case).
The classes of picks are not known yet, so they count by the model's beliefs, as in class-balanced active learning (Bengar
et al. 2022, arXiv 2110.04543).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.neighbors.cosine import Integers
from pipeline_tasks.selection.pool import Pool
from pipeline_tasks.selection.wishes import CLASS

Values = npt.NDArray[np.float64]


class Need(Protocol):
    """Wanted number of labels for each value of one key."""

    def values(self, rows: Integers) -> Values:
        """Need that each row meets, from 0 to 1."""
        ...

    def add(self, pick: int) -> None:
        """Count a pick."""
        ...

    def name(self, pick: int) -> str:
        """The value that a row counts under, in words."""
        ...


class MetadataNeed:
    """Labels wanted by value of one key of the metadata."""

    def __init__(self, pool: Pool, key: str, wanted: Mapping[str, float]) -> None:
        """Count the labels; a missing value, or one that is not `wanted`, has no need."""
        self._key = key
        self._texts = texts(pool, key)
        numbers = {text: number for number, text in enumerate(wanted)}
        self._numbers = np.array([-1 if text is None else numbers.get(text, -1) for text in self._texts], np.int64)
        self._wanted = np.array([*wanted.values(), 0.0])
        labelled = self._numbers[pool.labelled]
        self._counts = np.bincount(labelled[labelled >= 0], minlength=len(numbers) + 1).astype(np.float64)

    def values(self, rows: Integers) -> Values:
        """Remaining deficit of each row's value."""
        needs: Values = _needs(self._counts, self._wanted)[self._numbers[rows]]
        return needs

    def add(self, pick: int) -> None:
        """Count the pick under its value."""
        self._counts[self._numbers[pick]] += self._numbers[pick] >= 0

    def name(self, pick: int) -> str:
        """The key with the row's value."""
        return f"{self._key} {self._texts[pick]}"


class ClassNeed:
    """Labels wanted by class, met by a row's predicted classes."""

    def __init__(self, pool: Pool, wanted: Mapping[str, float]) -> None:
        """Count the known labels, and unknown ones by the model's beliefs.

        Raises:
            SettingsError: an unknown class.
        """
        assert pool.beliefs is not None
        self._pool, self._beliefs = pool, pool.beliefs
        classes = pool.beliefs.shape[1]
        self._wanted = np.zeros(classes)
        for name, count in wanted.items():
            self._wanted[class_number(pool, name)] = count
        self._counts = np.bincount(pool.known_labels, minlength=classes)[:classes].astype(np.float64)
        self._counts += self._beliefs[pool.labelled[pool.label_numbers < 0]].sum(axis=0)

    def values(self, rows: Integers) -> Values:
        """Expected need that each row meets."""
        expected: Values = np.clip(self._beliefs[rows] @ _needs(self._counts, self._wanted), 0, 1)
        return expected

    def add(self, pick: int) -> None:
        """Count the pick under its classes."""
        self._counts += self._beliefs[pick]

    def name(self, pick: int) -> str:
        """The likely class of the row with the greatest need."""
        met = self._beliefs[pick] * _needs(self._counts, self._wanted)
        return f"probably {self._pool.name_of(int(met.argmax()))}"


class Needs:
    """Several needs as one objective; a row counts by the need that it meets best."""

    def __init__(self, needs: Sequence[Need], why: str) -> None:
        """`why` ends the sentence that begins with the row's value."""
        self._needs, self._why = needs, why
        self._said: dict[int, str] = {}

    def values(self, rows: Integers) -> Values:
        """Highest need that each row meets."""
        highest: Values = np.max([need.values(rows) for need in self._needs] or [np.zeros(len(rows))], axis=0)
        return highest

    def add(self, pick: int) -> None:
        """Count the pick, and remember its reason."""
        found = [float(need.values(np.array([pick]))[0]) for need in self._needs]
        if found and max(found) > 0:
            self._said[pick] = f"{self._needs[int(np.argmax(found))].name(pick)}, {self._why}"
        for need in self._needs:
            need.add(pick)

    def reason(self, pick: int) -> str:
        """Reason for the pick."""
        return self._said.get(pick, "no image that meets a remaining need can be found")


def metadata_balance(pool: Pool, why: str) -> Needs:
    """Wanted mix of each key; without targets, equal shares of all values of all keys but `clip`, `light`, `seen_s` and `slice`."""
    targets = pool.wishes.metadata_targets or {key: {} for key in _keys(pool)}
    needs = []
    for key, shares in targets.items():
        mix = dict(shares) or dict.fromkeys(sorted({text for text in texts(pool, key) if text is not None}), 1.0)
        needs.append(MetadataNeed(pool, key, _counts_of_shares(mix, len(pool.labelled) + pool.budget)))
    return Needs(needs, why)


def class_target(pool: Pool, why: str) -> Needs:
    """Wanted mix of classes."""
    targets = pool.wishes.class_targets or dict.fromkeys(_vocabulary(pool), 1.0)
    wanted = _counts_of_shares(targets, len(pool.labelled) + pool.budget)
    return Needs([ClassNeed(pool, wanted)], why)


def requirements(pool: Pool, why: str) -> Needs:
    """Required numbers of labels. Those of classes need a model and have no effect without one."""
    wanted = pool.wishes.requirements
    needs: list[Need] = [MetadataNeed(pool, key, counts) for key, counts in wanted.items() if key != CLASS]
    if CLASS in wanted and pool.beliefs is not None:
        needs.append(ClassNeed(pool, wanted[CLASS]))
    return Needs(needs, why)


def metadata_weights(pool: Pool) -> Values:
    """Weights by metadata: the product over all keys."""
    weights = np.ones(len(pool.units))
    for key, by_value in pool.wishes.metadata_weights.items():
        weights *= np.array([by_value.get(text, 1.0) if text is not None else 1.0 for text in texts(pool, key)])
    return weights


def texts(pool: Pool, key: str) -> list[str | None]:
    """Value of a key in each row, as text.

    Raises:
        SettingsError: there are no metadata, or no row has this key.
    """
    found = [None if row.get(key) is None else str(row[key]) for row in pool.metadata or ()]
    if not any(text is not None for text in found):
        raise SettingsError(f"metadata: {key}: wanted a value in at least one row, found none")
    return found


def class_number(pool: Pool, name: str) -> int:
    """Column of a class.

    Raises:
        SettingsError: no such class.
    """
    known = _vocabulary(pool)
    if name not in known:
        raise SettingsError(f"objectives: wanted classes of {', '.join(known)}; found {name!r}")
    return known.index(name)


def _vocabulary(pool: Pool) -> list[str]:
    """Names of the beliefs' columns, or their numbers."""
    columns = 0 if pool.beliefs is None else pool.beliefs.shape[1]
    return list(pool.vocabulary) or [str(number) for number in range(columns)]


def _keys(pool: Pool) -> list[str]:
    """Keys that describe an image's origin, in a stable order."""
    return sorted({key for row in pool.metadata or () for key in row} - {"clip", "clip_source", "light", "seen_s", "slice"})


def _counts_of_shares(shares: Mapping[str, float], total: int) -> dict[str, float]:
    whole = max(sum(shares.values()), 1e-12)
    return {name: share / whole * total for name, share in shares.items()}


def _needs(counts: Values, wanted: Values) -> Values:
    """Deficit of each count as a share of the wanted number; 0 if none is wanted or the number is reached."""
    short = np.clip(wanted - counts, 0, None)
    shares: Values = np.divide(short, wanted, out=np.zeros_like(short), where=wanted > 0)
    return shares
