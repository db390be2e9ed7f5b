"""Position of a picked image among all embeddings: how far out it lies, and how much its neighbours' labels disagree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline_tasks.neighbors.cosine import Floats, Integers, nearest, unit_rows

NEIGHBORS = 10
LABELLED_NEIGHBORS = 5
REFERENCE_ROWS = 4096
"""Rows in the sample that outlier scores are ranked against; more would barely change a rank."""


@dataclass(frozen=True)
class Looks:
    """One image, or the mean over a group's images; each number runs from 0 to 1."""

    outlier: float
    """Share of all images that are closer to their nearest neighbours."""
    disagreement: float | None
    """Share of the nearest labelled images that are not of their most common class; None if too few are labelled."""


def looks_of(vectors: npt.ArrayLike, picks: Sequence[int], labels: Sequence[str | None], seed: int) -> list[Looks]:
    """Looks of each of `picks` (row numbers) among N x D `vectors`; `labels` are the rows' classes, None if unknown.

    Outlier: mean Euclidean distance to the 10 nearest others, rows scaled to length 1 (Angiulli and Pizzuti, Fast outlier detection
    in high dimensional spaces, 2002), as its rank among all images. Disagreement: k-disagreeing neighbours (Smith, Martinez and
    Giraud-Carrier, An instance level analysis of data complexity, 2014) against the neighbours' most common class, because the
    image's own is not known yet. No model is used: a test set of what the champion finds hard would favour every candidate.
    """
    if not len(picks):
        return []
    units, rows = unit_rows(vectors), np.asarray(picks, np.int64)
    outliers = _outliers(units, rows, seed)
    disagreements = _disagreements(units, rows, labels)
    return [Looks(float(one), other) for one, other in zip(outliers, disagreements, strict=True)]


def _outliers(units: Floats, rows: Integers, seed: int) -> npt.NDArray[np.float64]:
    """Rank (0 to 1) of each row's mean distance among those of all rows, or of a sample drawn with the seed."""
    drawn = np.sort(np.random.default_rng(seed).permutation(len(units))[:REFERENCE_ROWS])
    distances, reference = _mean_distances(units, rows), np.sort(_mean_distances(units, drawn))
    places: npt.NDArray[np.float64] = np.searchsorted(reference, distances, side="left") / len(reference)
    return places


def _mean_distances(units: Floats, rows: Integers) -> npt.NDArray[np.float64]:
    """Mean distance of rows to their nearest others, rounded to 6 decimals so that equal distances are equal on every machine."""
    count = min(NEIGHBORS, len(units) - 1)
    if count < 1:
        return np.zeros(len(rows))
    numbers, cosines = nearest(units[rows], units, count + 1)
    is_other = numbers != rows[:, None]
    # Among many equal images the row itself may not be one of the nearest; then the last neighbour is dropped.
    is_other[is_other.all(axis=1), -1] = False
    distances = np.sqrt(np.clip(2 - 2 * cosines.astype(np.float64), 0, 4))
    means: npt.NDArray[np.float64] = np.round(np.where(is_other, distances, 0).sum(axis=1) / count, 6)
    return means


def _disagreements(units: Floats, rows: Integers, labels: Sequence[str | None]) -> list[float | None]:
    known = np.array([row for row, label in enumerate(labels) if label is not None], np.int64)
    if len(known) < LABELLED_NEIGHBORS:
        return [None] * len(rows)
    numbers, _ = nearest(units[rows], units[known], LABELLED_NEIGHBORS)
    found: list[float | None] = []
    for neighbors in numbers:
        _, counts = np.unique([str(labels[known[one]]) for one in neighbors], return_counts=True)
        found.append(float(1 - counts.max() / LABELLED_NEIGHBORS))
    return found
