"""Tests of people's accuracy and of the rule that pauses them."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline_tasks.label_quality.people import TimedVotes, accuracies, default_floor, is_paused


def believed(rights: np.ndarray, certain: float = 1.0, names: int = 5) -> np.ndarray:
    """Belief in each voted name: of the right one, or of one of the others."""
    return np.where(rights, certain, (1 - certain) / (names - 1))


def timed(people: np.ndarray, beliefs: np.ndarray, said: np.ndarray | None = None, names: int = 5) -> TimedVotes:
    """Votes for names in turn, so that nobody has a habit, unless it is given what they say."""
    return TimedVotes(people, np.arange(len(people)) % names if said is None else said, beliefs)


def test_accuracies__are_the_share_of_right_votes_where_all_is_certain() -> None:
    rights = np.arange(400) % 10 > 0
    found = accuracies(np.zeros(400, np.int64), believed(rights), 1, 5)
    assert found.mean[0] == pytest.approx(0.9, abs=0.05)
    assert found.low[0] < 0.9 < found.high[0]
    assert found.high[0] - found.low[0] < 0.12


def test_accuracies__of_nobody_and_of_no_votes_are_unknown() -> None:
    found = accuracies(np.zeros(0, np.int64), np.zeros(0), 2, 5)
    assert found.mean == pytest.approx([0.5, 0.5])
    assert found.low == pytest.approx([0.025, 0.025], abs=0.01)
    assert accuracies(np.zeros(0, np.int64), np.zeros(0), 0, 5).mean.shape == (0,)


def test_accuracies__of_votes_that_nobody_else_knows_about_stay_unknown() -> None:
    found = accuracies(np.zeros(100, np.int64), np.full(100, 0.2), 1, 5)
    assert found.high[0] - found.low[0] > 0.9


def test_is_paused__somebody_who_guesses_within_30_votes() -> None:
    generator = np.random.default_rng(0)
    rights = generator.random((500, 30)) < 1 / 5
    people = np.repeat(np.arange(500), 30)
    assert is_paused(timed(people, believed(rights.reshape(-1))), 500, 5, default_floor(5)).mean() > 0.85


def test_is_paused__somebody_who_always_says_the_same_sooner_than_a_guesser() -> None:
    rights = np.arange(10) % 5 == 0
    people = np.zeros(10, np.int64)
    assert is_paused(timed(people, believed(rights)), 1, 5, 0.6).tolist() == [False]
    assert is_paused(timed(people, believed(rights), np.zeros(10, np.int64)), 1, 5, 0.6).tolist() == [True]


def test_is_paused__nobody_who_rightly_says_the_same() -> None:
    rights, people = np.arange(300) % 20 > 0, np.zeros(300, np.int64)
    assert is_paused(timed(people, believed(rights), np.zeros(300, np.int64)), 1, 5, 0.6).tolist() == [False]


def test_is_paused__seldom_somebody_at_the_floor_however_long() -> None:
    generator, floor = np.random.default_rng(1), default_floor(5)
    rights = generator.random((400, 300)) < floor
    ever = np.zeros(400, bool)
    for length in range(10, 301, 10):
        people = np.repeat(np.arange(400), length)
        ever |= is_paused(timed(people, believed(rights[:, :length].reshape(-1))), 400, 5, floor)
    assert ever.mean() <= 0.015


def test_is_paused__lets_somebody_go_on_who_does_better_later() -> None:
    wrong, right = believed(np.zeros(20, bool)), believed(np.ones(60, bool))
    people = np.zeros(80, np.int64)
    assert is_paused(timed(people[:20], wrong), 1, 5, 0.6).tolist() == [True]
    assert is_paused(timed(people, np.concatenate([wrong, right])), 1, 5, 0.6).tolist() == [False]


def test_is_paused__nobody_without_votes_or_with_one_name() -> None:
    assert is_paused(timed(np.zeros(0, np.int64), np.zeros(0)), 2, 5, 0.6).tolist() == [False, False]
    assert is_paused(timed(np.zeros(50, np.int64), np.ones(50)), 1, 1, default_floor(1)).tolist() == [False]
