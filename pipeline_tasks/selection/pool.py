"""Pool of a selection: its arguments, checked once."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.neighbors.cosine import Floats, Integers, unit_rows
from pipeline_tasks.selection.trust import trust_in_predictions
from pipeline_tasks.selection.wishes import Wishes, check_wishes

Label = int | str | None
Metadata = Mapping[str, str | float]
"""Key → value of one image: device, clip, site, day, `seen_s`, or keys of your own."""
NOTHING_WISHED = Wishes()


@dataclass(frozen=True)
class Pool:
    """Data for objectives: N images, of which some are labelled."""

    units: Floats
    """N x D, rows of length 1."""
    labelled: Integers
    label_numbers: Integers
    """Class of each labelled row; -1 if it was selected but is not labelled yet."""
    beliefs: npt.NDArray[np.float64] | None
    """N x C."""
    vocabulary: tuple[str, ...]
    budget: int
    seed: int
    metadata: Sequence[Metadata] | None = None
    """N mappings, or None."""
    wishes: Wishes = NOTHING_WISHED

    @property
    def known_labels(self) -> Integers:
        """Known labels."""
        return self.label_numbers[self.label_numbers >= 0]

    @cached_property
    def model_trust(self) -> float:
        """Trust in the model's predictions, from 0 (also without a model) to 1."""
        is_known = self.label_numbers >= 0
        if self.beliefs is None or not is_known.any():
            return 0.0
        rows = self.labelled[is_known]
        return trust_in_predictions(self.units[rows], self.label_numbers[is_known], self.beliefs[rows])

    def name_of(self, number: int) -> str:
        """A class in words."""
        return self.vocabulary[number] if number < len(self.vocabulary) else f"class {number}"


def check_pool(
    embeddings: npt.ArrayLike,
    budget: int,
    seed: int,
    labelled: Iterable[int],
    labels: Iterable[Label],
    beliefs: npt.ArrayLike | None,
    metadata: Iterable[Metadata] | None,
    vocabulary: Sequence[str],
    wishes: Wishes | None = None,
) -> Pool:
    """Check the arguments of `choose` against each other.

    Raises:
        SettingsError: they do not match; see `choose`.
    """
    units = unit_rows(_numbers("embeddings", embeddings))
    checked_budget, checked_seed = _whole("budget", budget), _whole("seed", seed)
    described = None if metadata is None else list(metadata)
    if described is not None and len(described) != len(units):
        raise SettingsError(f"metadata: wanted {len(units)} entries, one a row, found {len(described)}")
    rows = _labelled(labelled, len(units))
    given = list(labels)
    if len(given) not in (0, len(rows)):
        raise SettingsError(f"labels: wanted none or {len(rows)}, one a labelled row, found {len(given)}")
    checked = None if beliefs is None else _beliefs(beliefs, len(units))
    classes = None if checked is None else checked.shape[1]
    names = tuple(vocabulary) or _names_in_order(given, classes)
    numbers = np.array([_label_number(label, names, classes) for label in given] or [-1] * len(rows), np.int64)
    check_wishes(wishes or NOTHING_WISHED, len(units), described is not None)
    return Pool(units, rows, numbers, checked, names, checked_budget, checked_seed, described, wishes or NOTHING_WISHED)


def _numbers(name: str, values: npt.ArrayLike) -> npt.NDArray[Any]:
    """Convert to an array of real numbers."""
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise SettingsError(f"{name}: wanted a matrix of numbers, found rows of different length") from error
    if array.dtype.kind not in "fiub":
        raise SettingsError(f"{name}: wanted real numbers, found {array.dtype}")
    return array


def _whole(name: str, value: int) -> int:
    """Check for a whole number of at least 0."""
    try:
        number = operator.index(value)
    except TypeError as error:
        raise SettingsError(f"{name}: wanted a whole number, found {value!r}") from error
    if number < 0:
        raise SettingsError(f"{name}: wanted 0 or more, found {number}")
    return number


def _labelled(labelled: Iterable[int], count: int) -> Integers:
    """Check that row numbers exist and are distinct."""
    rows = _numbers("labelled", labelled if isinstance(labelled, np.ndarray) else list(labelled)).reshape(-1)
    if len(rows) and rows.dtype.kind not in "iu":
        raise SettingsError(f"labelled: wanted row numbers, found {rows.dtype}")
    if len(rows) and (rows.min() < 0 or rows.max() >= count):
        raise SettingsError(f"labelled: wanted row numbers from 0 to {count - 1}, found {rows.min()} to {rows.max()}")
    if len(np.unique(rows)) < len(rows):
        raise SettingsError("labelled: wanted each row once, found one twice")
    return rows.astype(np.int64)


def _beliefs(beliefs: npt.ArrayLike, rows: int) -> npt.NDArray[np.float64]:
    matrix = _numbers("beliefs", beliefs).astype(np.float64)
    if matrix.ndim != 2 or len(matrix) != rows or matrix.shape[1] < 2:
        raise SettingsError(f"beliefs: wanted a matrix of {rows} x C with C of at least 2, found shape {matrix.shape}")
    if not np.isfinite(matrix).all():
        raise SettingsError("beliefs: wanted finite numbers, found NaN or infinity")
    return matrix


def _names_in_order(labels: Sequence[Label], classes: int | None) -> tuple[str, ...]:
    """Class names taken from the labels; columns of beliefs cannot be matched to them."""
    names = sorted({str(label) for label in labels if isinstance(label, str)})
    if names and classes is not None:
        raise SettingsError(f"vocabulary: wanted the names of the beliefs' {classes} columns, since labels are names, found none")
    return tuple(names)


def _label_number(label: Label, vocabulary: Sequence[str], classes: int | None) -> int:
    if label is None:
        return -1
    if isinstance(label, str):
        if label not in vocabulary:
            raise SettingsError(f"labels: wanted one of vocabulary {list(vocabulary)}, found {label!r}")
        return list(vocabulary).index(label)
    number = _whole("labels", label)
    if classes is not None and number >= classes:
        raise SettingsError(f"labels: wanted a column of the beliefs, 0 to {classes - 1}, found {number}")
    return number
