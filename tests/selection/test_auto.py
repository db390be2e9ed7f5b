"""Tests of diversity's share in `auto`."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline_tasks.neighbors.cosine import unit_rows
from pipeline_tasks.selection.pool import Pool, check_pool
from pipeline_tasks.selection.strategies.auto import COVERAGE, DIVERSITY, ROUND, auto_turns, diversity_share

HEAPS = np.arange(1000) % 2


def a_pool(budget: int, labelled: int = 0, model: np.ndarray | None = None) -> Pool:
    """A thousand rows in two clusters; the first `labelled` rows are labelled by their cluster."""
    rows = unit_rows(np.eye(20)[HEAPS] + 0.1 * np.random.default_rng(1).normal(size=(1000, 20)))
    return check_pool(rows, budget, 0, range(labelled), HEAPS[:labelled].tolist(), model, None, ())


@pytest.mark.parametrize(("budget", "share"), [(1, 0.1), (10, 0.1), (30, 0.3), (500, 0.75), (5000, 0.75)])
def test_diversity_share__grows_with_the_budgets_share_of_the_pool(budget: int, share: float) -> None:
    assert diversity_share(a_pool(budget)) == pytest.approx(share)


def test_diversity_share__counts_unlabelled_images_only() -> None:
    assert diversity_share(a_pool(3, labelled=900)) == pytest.approx(0.3)
    assert diversity_share(a_pool(30, labelled=1000)) == pytest.approx(0.75)


def test_diversity_share__falls_to_a_tenth_as_the_model_is_trusted() -> None:
    right = np.eye(2)[HEAPS]
    assert diversity_share(a_pool(500, 100, right)) == pytest.approx(0.1)
    assert diversity_share(a_pool(500, 100, right[:, ::-1])) == pytest.approx(0.75)
    assert diversity_share(a_pool(500, 0, right)) == pytest.approx(0.75)


@pytest.mark.parametrize(("budget", "often"), [(10, 3), (30, 9), (500, 22)])
def test_auto_turns__spreads_the_share_evenly(budget: int, often: int) -> None:
    turns = auto_turns(a_pool(budget))
    assert len(turns) == ROUND
    assert sum(turn == DIVERSITY for turn in turns) == often
    gaps = np.diff([number for number, turn in enumerate(turns + turns) if turn == DIVERSITY])
    assert gaps.max() - gaps.min() <= 1
    assert turns[0] == COVERAGE
