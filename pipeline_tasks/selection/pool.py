"""What a selection chooses from, checked once at the front door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.neighbors.cosine import Floats, Integers, unit_rows

Label = int | str | None


@dataclass(frozen=True)
class Pool:
    """What objectives may look at; N pictures, of which some are labelled already."""

    units: Floats
    """N x D, rows of length 1."""
    labelled: Integers
    label_numbers: Integers
    """The class of each labelled row, -1 where people were asked but the answer is not known."""
    probabilities: npt.NDArray[np.float64] | None
    """N x C."""
    class_names: tuple[str, ...]
    budget: int
    seed: int

    @property
    def known_labels(self) -> Integers:
        """The labels that are known."""
        return self.label_numbers[self.label_numbers >= 0]


def check_pool(
    embeddings: npt.ArrayLike,
    budget: int,
    seed: int,
    labelled: Sequence[int] | npt.NDArray[np.int64],
    labels: Sequence[Label],
    probabilities: npt.ArrayLike | None,
    metadata: Sequence[Mapping[str, object]] | None,
    class_names: Sequence[str],
) -> Pool:
    """Check the arguments of `choose` against each other.

    Raises:
        SettingsError: they do not fit; `choose` lists how.
    """
    units = unit_rows(embeddings)
    if budget < 0:
        raise SettingsError(f"budget: wanted 0 or more, found {budget}")
    if metadata is not None and len(metadata) != len(units):
        raise SettingsError(f"metadata: wanted {len(units)} entries, one a row, found {len(metadata)}")
    rows = np.asarray(labelled, dtype=np.int64).reshape(-1)
    if len(rows) and (rows.min() < 0 or rows.max() >= len(units)):
        raise SettingsError(f"labelled: wanted row numbers from 0 to {len(units) - 1}, found {rows.min()} to {rows.max()}")
    if len(labels) not in (0, len(rows)):
        raise SettingsError(f"labels: wanted none or {len(rows)}, one a labelled row, found {len(labels)}")
    checked = None if probabilities is None else _probabilities(probabilities, len(units))
    numbers = np.array([_label_number(label, class_names) for label in labels] or [-1] * len(rows), np.int64)
    return Pool(units, rows, numbers, checked, tuple(class_names), budget, seed)


def _probabilities(probabilities: npt.ArrayLike, rows: int) -> npt.NDArray[np.float64]:
    matrix = np.asarray(probabilities, dtype=np.float64)
    if matrix.ndim != 2 or len(matrix) != rows or matrix.shape[1] < 2:
        raise SettingsError(f"probabilities: wanted a matrix of {rows} x C with C of at least 2, found shape {matrix.shape}")
    if not np.isfinite(matrix).all():
        raise SettingsError("probabilities: wanted finite numbers, found NaN or infinity")
    return matrix


def _label_number(label: Label, class_names: Sequence[str]) -> int:
    if label is None:
        return -1
    if isinstance(label, str):
        if label not in class_names:
            raise SettingsError(f"labels: wanted one of class_names {list(class_names)}, found {label!r}")
        return list(class_names).index(label)
    return int(label)
