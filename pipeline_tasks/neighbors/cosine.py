"""Exact cosine neighbours between two sets of vectors, in blocks, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline_tasks.errors import SettingsError

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

QUERY_ROWS = 512
BASE_ROWS = 8192
SAFE_SQUARES = (1e-20, 1e30)
"""Range of sums of squares that float32 holds without underflow or overflow."""
AS_GOOD_AS_1 = 5e-7
"""Tolerance within which a float32 row has length 1."""


@dataclass(frozen=True)
class CosinePairs:
    """Pairs of a query row and a base row, ordered by query, then base."""

    query: Integers
    base: Integers
    cosine: Floats


def unit_rows(vectors: npt.ArrayLike) -> Floats:
    """Scale rows to length 1, so that a product of two is their cosine; a row of zeros stays unchanged.

    If all rows already have length 1, the same array is returned, not a copy.

    Raises:
        SettingsError: not a matrix, or a value that is not finite.
    """
    matrix = np.asarray(vectors)
    if matrix.ndim != 2:
        raise SettingsError(f"embeddings: wanted a matrix of N x D, found shape {matrix.shape}")
    blocks = [slice(first, first + QUERY_ROWS) for first in range(0, len(matrix), QUERY_ROWS)]
    lengths = np.concatenate([np.empty(0)] + [_lengths(matrix[block].astype(np.float32, copy=False)) for block in blocks])
    bad = np.flatnonzero(~np.isfinite(lengths))
    if len(bad):
        raise SettingsError(f"embeddings: wanted finite numbers, found NaN or infinity in {len(bad)} rows, first in row {bad[0]}")
    if matrix.dtype == np.float32 and (np.abs(lengths - 1) <= AS_GOOD_AS_1).all():
        return matrix
    lengths[lengths == 0] = 1
    units = np.empty(matrix.shape, np.float32)
    for block in blocks:
        np.divide(matrix[block], lengths[block, None].astype(np.float32), out=units[block])
    return units


def _lengths(block: Floats) -> npt.NDArray[np.float64]:
    """Euclidean length of each row; not finite only if a value is not."""
    with np.errstate(over="ignore", invalid="ignore"):
        squares = np.vecdot(block, block).astype(np.float64)
    # Sums outside that range are repeated in float64, where finite float32 values cannot overflow: only NaN and infinity remain.
    is_beyond = ~((squares > SAFE_SQUARES[0]) & (squares < SAFE_SQUARES[1]))
    precise = block[is_beyond].astype(np.float64)
    squares[is_beyond] = np.einsum("ij,ij->i", precise, precise)
    lengths: npt.NDArray[np.float64] = np.sqrt(squares)
    return lengths


def pairs_above(queries: Floats, base: Floats, min_cosine: float) -> CosinePairs:
    """All pairs of a query and a base row (both of length 1) whose cosine is at least `min_cosine`."""
    found: list[tuple[Integers, Integers, Floats]] = []
    for first, block in _blocks(queries, QUERY_ROWS):
        for base_first, base_block in _blocks(base, BASE_ROWS):
            cosines = block @ base_block.T
            rows, columns = np.nonzero(cosines >= min_cosine)
            found.append((rows + first, columns + base_first, cosines[rows, columns]))
    if not found:
        return CosinePairs(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))
    query, other, cosine = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.lexsort((other, query))
    return CosinePairs(query[order], other[order], cosine[order])


def nearest(queries: Floats, base: Floats, count: int) -> tuple[Integers, Floats]:
    """The `count` base rows nearest to each query row: their numbers and cosines, best first, both Q x count.

    Equal cosines come in the order of row numbers. `count` is cut to the number of base rows.
    """
    count = min(count, len(base))
    numbers = np.zeros((len(queries), count), np.int64)
    cosines = np.zeros((len(queries), count), np.float32)
    if count == 0:
        return numbers, cosines
    for first, block in _blocks(queries, QUERY_ROWS):
        rows = slice(first, first + len(block))
        numbers[rows], cosines[rows] = _nearest_of_block(block, base, count)
    return numbers, cosines


def distances(cosines: Floats) -> npt.NDArray[np.float64]:
    """Distances of rows of length 1 as shares of the largest possible: 0 for the same direction, 1 for opposite ones."""
    shares: npt.NDArray[np.float64] = np.sqrt(np.clip(1 - cosines.astype(np.float64), 0, 2) / 2)
    return shares


def _nearest_of_block(block: Floats, base: Floats, count: int) -> tuple[Integers, Floats]:
    """Merge the best rows so far with the best of each further base block."""
    numbers: Integers = np.empty((len(block), 0), np.int64)
    cosines: Floats = np.empty((len(block), 0), np.float32)
    for base_first, base_block in _blocks(base, BASE_ROWS):
        product = block @ base_block.T
        keep = min(count, product.shape[1])
        columns = np.argpartition(product, product.shape[1] - keep, axis=1)[:, product.shape[1] - keep :]
        numbers = np.concatenate([numbers, columns + base_first], axis=1)
        cosines = np.concatenate([cosines, np.take_along_axis(product, columns, axis=1)], axis=1)
    order = np.lexsort((numbers, -cosines), axis=1)[:, :count]
    return np.take_along_axis(numbers, order, axis=1), np.take_along_axis(cosines, order, axis=1)


def _blocks(rows: Floats, size: int) -> Iterator[tuple[int, Floats]]:
    for first in range(0, len(rows), size):
        yield first, rows[first : first + size]
