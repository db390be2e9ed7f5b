from typing import Any

import numpy as np
import pytest

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.neighbors.cosine import nearest, pairs_above, unit_rows


def test_unit_rows__keeps_a_row_of_zeros() -> None:
    assert unit_rows([[3, 4], [0, 0]]).tolist() == [[pytest.approx(0.6), pytest.approx(0.8)], [0, 0]]


@pytest.mark.parametrize("bad", [[[1.0, float("nan")]], [[float("inf"), 0.0]], [1.0, 2.0]])
def test_unit_rows__refuses_anything_but_a_matrix_of_numbers(bad: Any) -> None:
    with pytest.raises(SettingsError, match="embeddings: wanted"):
        unit_rows(bad)


def test_pairs_above__finds_the_pairs_across_blocks_in_order() -> None:
    base = unit_rows(np.tile([[1.0, 0.0], [0.0, 1.0]], (5000, 1)))
    found = pairs_above(unit_rows([[0, 2], [1, 1]]), base, 0.9)
    assert set(found.query.tolist()) == {0}
    assert found.base.tolist() == list(range(1, 10_000, 2))


def test_pairs_above__of_no_rows_finds_none() -> None:
    assert len(pairs_above(np.zeros((0, 2), np.float32), np.zeros((3, 2), np.float32), 0.5).query) == 0


def test_nearest__agrees_with_a_full_sort_across_blocks() -> None:
    generator = np.random.default_rng(3)
    units = unit_rows(generator.normal(size=(9000, 4)))
    numbers, cosines = nearest(units[:20], units, 7)
    wanted = np.argsort(-(units[:20] @ units.T), axis=1, kind="stable")[:, :7]
    assert (numbers == wanted).all()
    assert (np.diff(cosines, axis=1) <= 0).all()


def test_nearest__gives_all_rows_if_there_are_fewer_than_asked() -> None:
    numbers, _ = nearest(unit_rows([[1, 0]]), unit_rows([[0, 1], [1, 0]]), 5)
    assert numbers.tolist() == [[1, 0]]
    assert nearest(unit_rows([[1, 0]]), np.zeros((0, 2), np.float32), 5)[0].shape == (1, 0)


def test_unit_rows__gives_rows_back_that_have_length_1_and_copies_others() -> None:
    rows = np.random.default_rng(1).normal(size=(40, 300)).astype(np.float32)
    units = unit_rows(rows)
    assert units is not rows
    assert unit_rows(units) is units
    longer = units.copy()
    longer[39] *= np.float32(1.00001)
    assert unit_rows(longer) is not longer


def test_unit_rows__scales_rows_whose_squares_float32_cannot_hold() -> None:
    rows = np.array([[3e25, 4e25], [3e-30, 4e-30], [0, 0], [3, 4]], np.float32)
    assert unit_rows(rows) == pytest.approx(np.array([[0.6, 0.8], [0.6, 0.8], [0, 0], [0.6, 0.8]]), rel=1e-5)
