import numpy as np
import pytest

from pipeline_tasks.neighbors.cosine import unit_rows
from pipeline_tasks.selection import typicality as room
from pipeline_tasks.selection.choosing import choose
from pipeline_tasks.selection.typicality import typicality


@pytest.mark.parametrize("tile", [7, 64, 2048])
def test_typicality__is_one_over_the_mean_distance_to_the_nearest(tile: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "TILE_ROWS", tile)
    units = unit_rows(np.random.default_rng(5).normal(size=(150, 6)))
    distances = np.sort(np.linalg.norm(units[:, None] - units[None], axis=2), axis=1)
    assert typicality(units, 20) == pytest.approx(1 / distances[:, 1:21].mean(axis=1), rel=1e-3)


def test_typicality__of_few_and_of_identical_images_is_finite() -> None:
    assert typicality(np.zeros((0, 3), np.float32)).tolist() == []
    assert typicality(unit_rows([[1, 2]])).tolist() == [0]
    assert np.isfinite(typicality(unit_rows(np.ones((30, 4))))).all()


def test_choose__typicality_takes_the_middle_of_each_heap() -> None:
    generator = np.random.default_rng(6)
    heaps = [np.eye(8)[number] + 0.05 * generator.normal(size=(40, 8)) for number in range(3)]
    strays = generator.normal(size=(5, 8))
    chosen = choose(np.concatenate([*heaps, strays]), budget=3, seed=0, objectives="typicality")
    assert sorted(pick // 40 for pick in chosen.picks) == [0, 1, 2]
    assert chosen.reasons[0] == "typical: similar to many other images, and unlike earlier labels and picks"
