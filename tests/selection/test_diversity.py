import numpy as np
import pytest

from pipeline_tasks.neighbors.cosine import unit_rows
from pipeline_tasks.selection.choosing import choose
from pipeline_tasks.selection.diversity import Diversity

pytestmark = pytest.mark.slow


def plain(units: np.ndarray, labelled: list[int], budget: int) -> list[int]:
    """K-centre greedy, every row against every centre."""
    exact, picks = units.astype(np.float64), []
    nearest = (exact @ exact[labelled].T).max(axis=1)
    for _ in range(budget):
        nearest[[*labelled, *picks]] = 2
        picks.append(int(nearest.argmin()))
        nearest = np.maximum(nearest, exact @ exact[picks[-1]])
    return picks


@pytest.mark.parametrize("rows", [300, 9000])
def test_diversity__picks_as_plain_k_centre_does(rows: int) -> None:
    units = unit_rows(np.random.default_rng(3).normal(size=(rows, 12)))
    labelled = [5, 17]
    assert choose(units, budget=60, seed=0, labelled=labelled, objectives="diversity").picks.tolist() == plain(units, labelled, 60)


def test_diversity__compares_with_few_and_many_centres_alike() -> None:
    units = unit_rows(np.random.default_rng(4).normal(size=(200, 7)))
    at_once = Diversity(units, np.arange(40))
    one_by_one = Diversity(units, np.arange(1))
    for pick in range(1, 40):
        one_by_one.add(pick)
        one_by_one.values(np.arange(50, 200, pick))
    rows = np.arange(200)
    assert one_by_one.values(rows) == pytest.approx(at_once.values(rows), abs=1e-6)


def test_diversity__gives_all_of_many_identical_images() -> None:
    assert sorted(choose(np.ones((2500, 4)), budget=2500, seed=0, objectives="diversity").picks.tolist()) == list(range(2500))
