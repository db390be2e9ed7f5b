"""Tests of exchanging images, and of judging tests together."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline_tasks.drift.permuting import draw_sides, excess, judge, weights_of

IS_PRODUCTION = np.array([0, 0, 1, 1, 0, 1], bool)


def test_draw_sides__begin_with_the_true_ones_and_keep_the_number_of_each_cell() -> None:
    cells = np.array([0, 0, 0, 0, 1, 1])

    sides = draw_sides(IS_PRODUCTION, cells, np.arange(6), 50, seed=0)

    assert sides[:, 0].tolist() == IS_PRODUCTION.tolist()
    assert (sides[:4].sum(axis=0) == 2).all()
    assert (sides[4:].sum(axis=0) == 1).all()
    assert len({tuple(one) for one in sides.T}) == 12, "6 orders of the first cell, 2 of the second"


def test_draw_sides__move_a_clip_as_one() -> None:
    blocks = np.array([0, 0, 1, 1, 2, 3])

    sides = draw_sides(IS_PRODUCTION, np.zeros(6, np.int64), blocks, 50, seed=0)

    assert (sides[0] == sides[1]).all()
    assert (sides[2] == sides[3]).all()


def test_draw_sides__leave_a_cell_of_one_side_as_it_is() -> None:
    sides = draw_sides(np.array([True, True, False]), np.array([0, 0, 1]), np.arange(3), 5, seed=0)

    assert (sides == np.array([[1], [1], [0]])).all()


def test_weights_of__make_a_difference_of_means() -> None:
    weights = weights_of(np.array([[1, 0], [1, 1], [0, 0]], np.float32))

    assert (np.array([3, 5, 1]) @ weights).tolist() == pytest.approx([4 - 1, 5 - 2])


def test_judge__ranks_the_true_order_among_exchanged_ones() -> None:
    judged = judge(np.array([[5.0, 1, 2, 3], [1.0, 1, 2, 3]]))

    assert judged.p_values.tolist() == [0.25, 1.0]
    assert judged.distances[0] == pytest.approx((5 - 2.75) / np.std([5, 1, 2, 3]))
    assert judged.p == judged.adjusted.min()


def test_judge__does_not_correct_what_agrees_and_corrects_what_does_not() -> None:
    generator = np.random.default_rng(0)
    one = np.concatenate([[2.0], generator.normal(size=999)])
    others = np.column_stack([np.zeros(20), generator.normal(size=(20, 999))])

    alone, copied, among = judge(one[np.newaxis]), judge(np.stack([one] * 20)), judge(np.vstack([one, others]))

    assert copied.adjusted[0] == alone.p_values[0]
    assert among.p_values[0] == alone.p_values[0]
    assert among.adjusted[0] > 10 * alone.p_values[0]


def test_judge__says_nothing_of_a_test_that_is_always_the_same() -> None:
    judged = judge(np.zeros((1, 100)))

    assert (judged.p, judged.distances[0]) == (1.0, 0.0)


def test_excess__is_the_distance_beyond_that_of_exchanged_images() -> None:
    assert excess(np.array([2.0, 1.0, 1.0])) == pytest.approx(3**0.5)
    assert excess(np.array([1.0, 2.0, 2.0])) == 0.0
