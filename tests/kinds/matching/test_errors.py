"""Tests of the sorts of errors of one image's objects."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline_tasks.kinds.matching.errors import Outcome, outcomes

GEAR, NUT = 0, 1


def told(likeness: list[list[float]], predicted: list[int], true: list[int]) -> list[tuple[str, int | None, int | None]]:
    table = np.array(likeness, float).reshape(len(predicted), len(true))
    return [(one.sort, one.predicted, one.true) for one in outcomes(table, np.array(predicted, int), np.array(true, int))]


@pytest.mark.parametrize(
    ("likeness", "predicted", "true", "wanted"),
    [
        ([[0.9]], [GEAR], [GEAR], [("found", 0, 0)]),
        ([[0.9]], [NUT], [GEAR], [("swapped", 0, 0)]),
        ([[0.3]], [GEAR], [GEAR], [("badly placed", 0, 0)]),
        ([[0.3]], [NUT], [GEAR], [("extra", 0, None), ("missed", None, 0)]),
        ([[0.05]], [GEAR], [GEAR], [("extra", 0, None), ("missed", None, 0)]),
        ([[0.9], [0.8]], [GEAR, GEAR], [GEAR], [("found", 0, 0), ("extra", 1, None)]),
        # A less sure prediction of the right name keeps its object from a surer one of the wrong name.
        ([[0.9], [0.8]], [NUT, GEAR], [GEAR], [("found", 1, 0), ("extra", 0, None)]),
        ([[0.6, 0.9]], [GEAR], [GEAR, GEAR], [("found", 0, 1), ("missed", None, 0)]),
        ([], [], [GEAR], [("missed", None, 0)]),
        ([[]], [GEAR], [], [("extra", 0, None)]),
        ([], [], [], []),
    ],
)
def test_outcomes__name_each_object_once(
    likeness: list[list[float]], predicted: list[int], true: list[int], wanted: list[tuple[str, int | None, int | None]]
) -> None:
    assert told(likeness, predicted, true) == wanted


def test_outcomes__say_how_alike_the_two_are() -> None:
    assert list(outcomes(np.array([[0.75]]), np.array([0]), np.array([0]))) == [Outcome("found", 0, 0, 0.75)]
