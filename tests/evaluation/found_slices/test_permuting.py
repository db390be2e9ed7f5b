"""Tests of `pipeline_tasks.evaluation.found_slices.permuting`."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from pipeline_tasks.evaluation.found_slices.permuting import corrected_p

ALONE = np.arange(12)


def _slice(*members: int) -> np.ndarray:
    return np.isin(np.arange(12), members)[:, None]


def test_corrected_p__of_one_slice_is_the_share_of_all_orders_that_are_as_bad() -> None:
    scores = np.array([0.0, 0.0, 0.0] + [1.0] * 8 + [0.0])
    as_bad = sum(scores[list(some)].sum() == 0 for some in combinations(range(12), 3)) / 220

    found = corrected_p(scores, ALONE, _slice(0, 1, 2), shuffles=20_000, seed=1)

    assert found[0] == pytest.approx(as_bad, abs=0.004)


def test_corrected_p__of_the_same_slice_twice_costs_nothing() -> None:
    scores, one = np.array([0.0, 0.0, 0.0] + [1.0] * 8 + [0.0]), _slice(0, 1, 2)

    alone = corrected_p(scores, ALONE, one, shuffles=2000, seed=1)
    twice = corrected_p(scores, ALONE, np.hstack([one, one]), shuffles=2000, seed=1)

    assert twice.tolist() == [alone[0], alone[0]]


def test_corrected_p__grows_with_the_slices_that_are_looked_at() -> None:
    scores = np.array([0.0, 0.0, 0.0] + [1.0] * 8 + [0.0])
    many = np.hstack([_slice(0, 1, 2), _slice(3, 4, 5), _slice(6, 7, 8), _slice(9, 10, 11)])

    found = corrected_p(scores, ALONE, many, shuffles=4000, seed=1)

    assert found[0] > 1.5 * corrected_p(scores, ALONE, many[:, :1], shuffles=4000, seed=1)[0]
    assert found[1] > 0.5


def test_corrected_p__takes_groups_as_single_observations() -> None:
    """Two groups of ten images each err: as twenty images it would be striking, as two of twelve groups it is not."""
    groups = np.repeat(np.arange(12), 10)
    scores, members = (groups >= 2).astype(np.float64), (groups < 2)[:, None]

    assert corrected_p(scores, groups, members, shuffles=4000, seed=1)[0] == pytest.approx(1 / 66, abs=0.006)
    assert corrected_p(scores, np.arange(120), members, shuffles=4000, seed=1)[0] < 0.001


def test_corrected_p__lets_a_group_of_many_unlike_images_say_more_than_one_image() -> None:
    """Half of the images of a large group err, which 20 of them say for sure, and one image of itself does not."""
    groups = np.concatenate([np.arange(40), np.repeat(np.arange(40, 46), 20)])
    scores = np.concatenate([np.arange(40) % 10 > 0, np.arange(120) % 10 > 0]).astype(np.float64)
    scores[-20:] = np.arange(20) % 2

    found = corrected_p(scores, groups, (groups == 45)[:, None], shuffles=4000, seed=1)

    assert found[0] < 0.05


def test_corrected_p__is_1_where_all_groups_are_alike() -> None:
    assert corrected_p(np.ones(12), ALONE, _slice(0, 1, 2), shuffles=100, seed=1).tolist() == [1.0]
