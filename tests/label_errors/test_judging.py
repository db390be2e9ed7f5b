"""Tests of doubts about labels, on points around centres whose true names are known."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline_tasks.label_errors.features import features_of
from pipeline_tasks.label_errors.judging import Doubts, judge, suspects
from pipeline_tasks.label_errors.out_of_fold import out_of_fold
from pipeline_tasks.neighbors.cosine import Floats, Integers

NAMES = 3


def points(of_each: int, spread: float = 0.1, seed: int = 1) -> tuple[Floats, Integers]:
    """Points of three names in 16 dimensions, and their names."""
    generator = np.random.default_rng(seed)
    numbers = np.repeat(np.arange(NAMES), of_each)
    centres = np.eye(NAMES, 16)
    return (centres[numbers] + generator.normal(0, spread, (len(numbers), 16))).astype(np.float32), numbers


def judged(vectors: Floats, numbers: Integers, groups: Integers | None = None, classes: int = NAMES) -> Doubts:
    return judge(vectors, numbers, np.arange(len(numbers)) if groups is None else groups, classes, seed=7)


def test_suspects__are_the_wrong_labels_and_the_suggestion_is_right() -> None:
    vectors, true = points(40)
    given = true.copy()
    wrong = [3, 17, 50, 90]
    given[wrong] = (given[wrong] + 1) % NAMES

    doubts = judged(vectors, given)

    assert sorted(suspects(doubts).tolist()) == wrong
    assert doubts.suggested[wrong].tolist() == true[wrong].tolist()
    assert doubts.beliefs.sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_suspects__of_right_labels_are_none() -> None:
    vectors, true = points(40)

    assert not len(suspects(judged(vectors, true)))


def test_suspects__come_with_the_most_doubted_first() -> None:
    vectors, given = points(40)
    given = given.copy()
    given[[3, 50]] = 2, 0
    vectors[50] = (vectors[50] + vectors[0]) / 2

    doubts = judged(vectors, given)

    assert suspects(doubts)[0] == 3
    assert doubts.doubt[3] > doubts.doubt[50]


def test_suspects__are_never_of_a_name_with_fewer_than_five_groups() -> None:
    vectors, given = points(40)
    given = given.copy()
    given[[3, 4, 5, 6]] = 3

    doubts = judged(vectors, given, classes=4)

    assert not doubts.is_judged[[3, 4, 5, 6]].any()
    assert not set(suspects(doubts).tolist()) & {3, 4, 5, 6}


def test_suspects__are_at_most_half_of_a_name() -> None:
    vectors, given = points(40)
    given = given.copy()
    given[:8] = 3

    found = suspects(judged(vectors, given, classes=4))

    assert np.isin(found, range(8)).sum() <= 4


def test_out_of_fold__shows_no_head_a_row_of_the_same_group() -> None:
    """Eight copies of one point are alone in their place: heads that see copies believe their label, others do not."""
    vectors, given = points(40)
    vectors[:8], given[:8] = 0, 2
    vectors[:8, 5] = 3
    apart, together = np.arange(len(given)), np.arange(len(given))
    together[:8] = 0
    together = np.unique(together, return_inverse=True)[1]

    seen, unseen = (out_of_fold(features_of(vectors), given, groups, NAMES, seed=1) for groups in (apart, together))

    assert seen[:8, 2].min() > 0.8
    assert unseen[:8, 2].max() < 0.7


def test_judge__gives_the_same_beliefs_for_the_same_seed() -> None:
    vectors, given = points(20)

    assert np.array_equal(judged(vectors, given).beliefs, judged(vectors, given).beliefs)


def test_judge__bears_equal_embeddings() -> None:
    doubts = judged(np.ones((30, 16), np.float32), np.arange(30) % 2, classes=2)

    assert np.isfinite(doubts.beliefs).all()
