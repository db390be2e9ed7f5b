"""Tests of images that get one more vote."""

from __future__ import annotations

import numpy as np

from pipeline_tasks.label_quality.escalation import wants_another_vote

QUALITY = np.array([0.95, 0.6, 0.3, np.nan, 0.8])


def test_wants_another_vote__where_the_consensus_is_weakest_first() -> None:
    assert wants_another_vote(QUALITY, np.ones(5, np.int64), budget=10).tolist() == [2, 1, 4]
    assert wants_another_vote(QUALITY, np.ones(5, np.int64), budget=2).tolist() == [2, 1]
    assert wants_another_vote(QUALITY, np.ones(5, np.int64), budget=0).tolist() == []


def test_wants_another_vote__not_of_images_with_most_votes() -> None:
    votes = np.array([1, 5, 4, 1, 1])
    assert wants_another_vote(QUALITY, votes, budget=10, most_votes=5).tolist() == [2, 4]


def test_wants_another_vote__where_the_model_wavers_and_one_person_said_something() -> None:
    margin = np.array([0.1, 0.9, 0.9, 0.05, np.nan])
    assert wants_another_vote(QUALITY, np.array([1, 1, 1, 2, 1]), budget=10, margin=margin).tolist() == [2, 1, 4, 0]


def test_wants_another_vote__first_where_only_paused_people_voted() -> None:
    doubtful = np.array([True, False, False, False, True])
    assert wants_another_vote(QUALITY, np.ones(5, np.int64), budget=10, has_doubtful_person=doubtful).tolist() == [4, 0, 2, 1]


def test_wants_another_vote__of_no_images() -> None:
    assert wants_another_vote(np.zeros(0), np.zeros(0, np.int64), budget=5).tolist() == []
