"""Approximate nearest neighbours among very many vectors, in time that grows with N, not with its square.

Rows are projected on a few directions (uncentred principal components by subspace iteration), so that the product of two
projections is approximately their cosine, and assigned to cells around k-means centres. A row is compared with the rows of the
cells nearest to its own (an inverted file, as in Jegou, Douze, Schmid 2011).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline_tasks.neighbors.cosine import Floats, Integers

DIRECTIONS = 128
SAMPLE_ROWS = 8192
CELL_ROWS = 256
CELLS_SEARCHED = 8
ROUNDS = 6
"""Iterations of subspace iteration and of k-means, each on a sample."""
ASSIGN_ROWS = 8192


def nearest_in_cells(units: Floats, count: int, seed: int = 0) -> tuple[npt.NDArray[np.int32], Floats]:
    """Approximately the `count` rows nearest to each row of N x D units (rows of length 1): numbers (int32), cosines, best first.

    Each row's first neighbour is itself. If the cells hold too few rows, a row is repeated with a cosine of -1.
    """
    generator = np.random.default_rng(seed)
    vectors = _project(units, generator)
    centres = _centres(vectors, generator)
    cell_of = _assign(vectors, centres)
    order = np.argsort(cell_of, kind="stable")
    starts = np.searchsorted(cell_of[order], np.arange(len(centres) + 1))
    nearby = _nearby_cells(centres)
    numbers = np.empty((len(units), count), np.int32)
    cosines = np.empty((len(units), count), np.float32)
    for cell in range(len(centres)):
        rows = order[starts[cell] : starts[cell + 1]]
        others = np.concatenate([order[starts[one] : starts[one + 1]] for one in nearby[cell]])
        for first in range(0, len(rows), CELL_ROWS):
            block = rows[first : first + CELL_ROWS]
            numbers[block], cosines[block] = _nearest_of(vectors, block, others, count)
    return numbers, cosines


def _project(units: Floats, generator: np.random.Generator) -> Floats:
    """Project rows on the principal directions of a sample."""
    if units.shape[1] <= DIRECTIONS:
        return units
    sample = units[_some(len(units), SAMPLE_ROWS, generator)]
    basis = generator.normal(size=(units.shape[1], DIRECTIONS)).astype(np.float32)
    for _ in range(ROUNDS):
        basis = np.linalg.qr(sample.T @ (sample @ basis))[0]
    projected: Floats = units @ basis
    return projected


def _centres(vectors: Floats, generator: np.random.Generator) -> Floats:
    """K-means centres of a sample; about CELL_ROWS of all rows fall to one centre."""
    cells = max(1, len(vectors) // CELL_ROWS)
    sample = vectors[_some(len(vectors), max(SAMPLE_ROWS, 32 * cells), generator)]
    centres = sample[generator.permutation(len(sample))[:cells]]
    for _ in range(ROUNDS):
        order = np.argsort(cell_of := _assign(sample, centres), kind="stable")
        filled, starts = np.unique(cell_of[order], return_index=True)
        sums = np.add.reduceat(sample[order], starts, axis=0)
        centres[filled] = sums / np.diff(np.append(starts, len(sample)))[:, None]
    return centres


def _assign(vectors: Floats, centres: Floats) -> Integers:
    """The centre nearest to each row."""
    half_squares = (centres * centres).sum(axis=1) / 2
    cell_of = np.empty(len(vectors), np.int64)
    for first in range(0, len(vectors), ASSIGN_ROWS):
        block = vectors[first : first + ASSIGN_ROWS]
        cell_of[first : first + ASSIGN_ROWS] = (block @ centres.T - half_squares).argmax(axis=1)
    return cell_of


def _nearby_cells(centres: Floats) -> Integers:
    """For each cell, itself and the cells with the nearest centres."""
    count = min(CELLS_SEARCHED, len(centres))
    squares = (centres * centres).sum(axis=1)
    distances = squares[None, :] - 2 * (centres @ centres.T)
    np.fill_diagonal(distances, -np.inf)
    nearby: Integers = np.argpartition(distances, count - 1, axis=1)[:, :count]
    return nearby


def _nearest_of(vectors: Floats, rows: Integers, others: Integers, count: int) -> tuple[Integers, Floats]:
    """The nearest of `others`, best first; each row itself comes first."""
    product = vectors[rows] @ vectors[others].T
    sorter = np.argsort(others)
    product[np.arange(len(rows)), sorter[np.searchsorted(others, rows, sorter=sorter)]] = np.inf
    keep = min(count, len(others))
    columns = np.argpartition(product, len(others) - keep, axis=1)[:, len(others) - keep :]
    found = np.take_along_axis(product, columns, axis=1)
    best_first = np.argsort(-found, axis=1, kind="stable")
    cosines = np.full((len(rows), count), -1, np.float32)
    numbers = np.repeat(rows[:, None], count, axis=1)
    cosines[:, :keep] = np.clip(np.take_along_axis(found, best_first, axis=1), -1, 1)
    numbers[:, :keep] = others[np.take_along_axis(columns, best_first, axis=1)]
    return numbers, cosines


def _some(rows: int, count: int, generator: np.random.Generator) -> Integers:
    """Up to `count` random row numbers, in order."""
    return np.sort(generator.permutation(rows)[:count])
