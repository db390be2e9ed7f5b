"""Exact pairs of 64-bit hashes that differ in few bits, by counting bits in blocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]
Integers = npt.NDArray[np.int64]

QUERY_ROWS = 64
"""Queries in a block: 64 against a million hashes are 512 MB of differences, of which numpy handles a billion a second."""


@dataclass(frozen=True)
class HashPairs:
    """Pairs of a query hash and a base hash, ordered by query, then base."""

    query: Integers
    base: Integers
    distance: Integers


def pairs_within(queries: Hashes, base: Hashes, max_distance: int) -> HashPairs:
    """All pairs of hashes that differ in at most `max_distance` bits."""
    found = [_pairs_of_block(queries, base, first, max_distance) for first in range(0, len(queries), QUERY_ROWS)]
    if not found:
        return HashPairs(*(np.empty(0, np.int64) for _ in range(3)))
    return HashPairs(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def _pairs_of_block(queries: Hashes, base: Hashes, first: int, max_distance: int) -> tuple[Integers, Integers, Integers]:
    distances = np.bitwise_count(queries[first : first + QUERY_ROWS, None] ^ base[None, :])
    rows, columns = np.nonzero(distances <= max_distance)
    return rows + first, columns, distances[rows, columns].astype(np.int64)
