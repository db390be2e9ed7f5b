"""Tests of images that may serve as gold, and of the draw among them."""

from __future__ import annotations

import numpy as np

from pipeline_tasks.label_quality.gold import draw_gold, may_be_gold


def test_may_be_gold__where_two_people_and_the_model_agree() -> None:
    votes, agreement = np.array([1, 2, 2, 2, 3]), np.array([1, 1, 0.5, 1, 1])
    quality = np.array([0.99, 0.99, 0.99, 0.9, np.nan])
    assert may_be_gold(votes, agreement).tolist() == [False, True, False, True, True]
    assert may_be_gold(votes, agreement, quality=quality).tolist() == [False, True, False, False, False]


def test_may_be_gold__where_a_reviewer_or_the_project_says_so() -> None:
    votes, agreement = np.array([1, 0, 1]), np.array([1, 0, 1])
    starred, golden = np.array([True, False, False]), np.array([False, True, False])
    assert may_be_gold(votes, agreement, is_starred=starred, is_golden=golden).tolist() == [True, True, False]


def test_draw_gold__takes_names_in_turn() -> None:
    names = np.array([0] * 50 + [1] * 2)
    drawn = draw_gold(np.ones(52, bool), names, ratio=0.1, round_size=40, seed=3)
    assert len(drawn) == 4
    assert sorted(names[drawn].tolist()) == [0, 0, 1, 1]


def test_draw_gold__is_the_same_for_the_same_seed_and_never_more_than_there_are() -> None:
    may_be = np.array([False, True, True])
    names = np.zeros(3, np.int64)
    assert draw_gold(may_be, names, ratio=1, round_size=9, seed=1).tolist() in ([1, 2], [2, 1])
    one, other = (draw_gold(np.ones(90, bool), np.zeros(90, np.int64), ratio=0.1, round_size=50, seed=4) for _ in range(2))
    assert one.tolist() == other.tolist()
    assert draw_gold(np.zeros(0, bool), np.zeros(0, np.int64), ratio=1, round_size=9, seed=1).tolist() == []
