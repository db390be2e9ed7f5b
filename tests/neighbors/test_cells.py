import numpy as np
import pytest

from pipeline_tasks.neighbors import cells
from pipeline_tasks.neighbors.cells import nearest_in_cells
from pipeline_tasks.neighbors.cosine import nearest, unit_rows

pytestmark = pytest.mark.slow


@pytest.fixture
def units() -> np.ndarray:
    """Twenty clusters that differ mostly in a few directions, as embeddings do."""
    generator = np.random.default_rng(7)
    heaps = generator.normal(size=(20, 200))[generator.integers(0, 20, 3000)]
    spread = generator.normal(size=(3000, 12)) @ generator.normal(size=(12, 200)) * 0.2
    return unit_rows(heaps + spread + 0.02 * generator.normal(size=(3000, 200)))


def test_nearest_in_cells__finds_most_of_the_nearest_and_about_their_cosines(units: np.ndarray) -> None:
    numbers, cosines = nearest_in_cells(units, 20)
    wanted, _ = nearest(units, units, 20)
    assert np.mean([len(set(a) & set(b)) / 20 for a, b in zip(numbers.tolist(), wanted.tolist(), strict=True)]) > 0.9
    exact = np.einsum("id,ijd->ij", units, units[numbers])
    assert np.abs(exact - cosines).max() < 0.02


def test_nearest_in_cells__puts_each_row_first_and_is_the_same_twice(units: np.ndarray) -> None:
    numbers, cosines = nearest_in_cells(units, 5)
    assert numbers[:, 0].tolist() == list(range(3000))
    assert (cosines[:, 0] == 1).all()
    assert (numbers == nearest_in_cells(units, 5)[0]).all()


def test_nearest_in_cells__repeats_a_row_where_cells_hold_too_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "CELL_ROWS", 2)
    monkeypatch.setattr(cells, "CELLS_SEARCHED", 1)
    units = unit_rows(np.random.default_rng(8).normal(size=(40, 3)))
    numbers, cosines = nearest_in_cells(units, 30)
    short = cosines == -1
    assert short.any()
    assert (numbers[short] == np.broadcast_to(np.arange(40)[:, None], (40, 30))[short]).all()
