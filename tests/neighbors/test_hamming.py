import numpy as np

from pipeline_tasks.neighbors.hamming import pairs_within


def test_pairs_within__counts_the_bits_that_differ() -> None:
    base = np.array([0b0000, 0b0111, 2**64 - 1], np.uint64)
    found = pairs_within(np.array([0b0001], np.uint64), base, 2)
    assert list(zip(found.query.tolist(), found.base.tolist(), found.distance.tolist(), strict=True)) == [(0, 0, 1), (0, 1, 2)]


def test_pairs_within__looks_at_every_block_of_queries() -> None:
    hashes = np.arange(200, dtype=np.uint64) << np.uint64(20)
    assert pairs_within(hashes, hashes, 0).query.tolist() == list(range(200))


def test_pairs_within__of_no_hashes_finds_none() -> None:
    assert len(pairs_within(np.zeros(0, np.uint64), np.zeros(3, np.uint64), 64).base) == 0
