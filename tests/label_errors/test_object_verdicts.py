"""Tests of people's verdicts on doubted objects."""

from __future__ import annotations

import pytest

from pipeline_tasks.kinds.matching.errors import BADLY_PLACED, FOUND, MISSED, SWAPPED, Outcome
from pipeline_tasks.label_errors.object_verdicts import shares_doubt, verdict_on_objects


@pytest.mark.parametrize(
    ("wrong", "sort", "expected"),
    [
        ("missing", MISSED, False),
        ("missing", FOUND, True),
        ("missing", SWAPPED, True),
        ("extra", MISSED, True),
        ("extra", FOUND, False),
        ("swapped", SWAPPED, True),
        ("swapped", FOUND, False),
        ("badly placed", BADLY_PLACED, True),
        ("badly placed", MISSED, True),
    ],
)
def test_shares_doubt__says_if_a_person_drew_what_was_doubted(wrong: str, sort: str, expected: bool) -> None:
    assert shares_doubt(wrong, 0.0, Outcome(sort, 0, 0, 0.9)) is expected


@pytest.mark.parametrize(("likeness", "expected"), [(0.9, False), (0.81, False), (0.79, True), (0.6, True)])
def test_shares_doubt__of_a_place_lies_with_who_is_nearer_to_the_prediction(likeness: float, expected: bool) -> None:
    """The label and the prediction overlap by 0.6: the middle between this and the label itself is 0.8."""
    assert shares_doubt("badly placed", 0.6, Outcome(FOUND, 0, 0, likeness)) is expected


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        ({0: [True]}, "fixed"),
        ({0: [False]}, "stands"),
        ({0: [False, True]}, "unclear"),
        ({0: [False, True, True]}, "fixed"),
        ({0: [False, False], 1: [False, True, True]}, "fixed"),
        ({0: [False, False], 1: [False, True]}, "unclear"),
        ({}, "unclear"),
    ],
)
def test_verdict_on_objects__is_that_of_most_people(votes: dict[int, list[bool]], expected: str) -> None:
    assert verdict_on_objects(votes) == expected
