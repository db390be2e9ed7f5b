"""Tests that the learning curve states a gain per 100 labels only if the candidates show one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from reports.test_process import DATA

from pipeline_tasks.reports.cycle_data import LearningPoint
from pipeline_tasks.reports.learning import section


def a_curve(*scored: tuple[int, float, float]) -> str:
    """The section for candidates of (labels, score, half the interval), a night each."""
    points = [
        LearningPoint(f"2026-11-{20 + night}", labels, score, score - half, min(1.0, score + half), is_promoted=True)
        for night, (labels, score, half) in enumerate(scored)
    ]
    return str(section(replace(DATA, learning=tuple(points))))


@pytest.mark.parametrize(
    ("scored", "said"),
    [
        ([(60, 0.50, 0.05)], "there are 1 and 0."),
        ([(60, 0.50, 0.05), (90, 0.656, 0.05)], "there are 2 and 30."),
        ([(60, 0.50, 0.05), (400, 0.90, 0.05)], "there are 2 and 340."),
        ([(60, 0.50, 0.05), (80, 0.70, 0.05), (90, 0.90, 0.05)], "there are 3 and 30."),
        ([(60, 0.70, 0.10), (120, 0.75, 0.10), (260, 0.80, 0.10)], "the intervals of both candidates overlap"),
        ([(60, 0.50, 0.05), (60, 0.50, 0.05), (40, 0.60, 0.05)], "there are 3 and 0."),
    ],
    ids=["one night", "two close nights", "two far nights", "few labels", "overlapping", "fewer labels than before"],
)
def test_learning__states_no_gain_per_label_that_is_not_shown(scored: list[tuple[int, float, float]], said: str) -> None:
    text = a_curve(*scored)

    assert said in text
    assert "on average" not in text


def test_learning__states_the_gain_over_all_nights_and_each_change() -> None:
    text = a_curve((60, 0.50, 0.05), (160, 0.70, 0.05), (260, 0.90, 0.02))

    assert "From 60 to 260 labels the score changed by +40.0 points, on average +20.0 per 100 labels." in text
    assert text.count("+20.0") == 3


def test_learning__states_a_loss_as_a_loss() -> None:
    assert "-10.0 per 100 labels" in a_curve((60, 0.90, 0.02), (160, 0.80, 0.05), (260, 0.70, 0.05))


def test_learning__names_an_interval_that_is_not_known() -> None:
    points = tuple(LearningPoint(f"2026-11-2{n}", 100 * n, 0.5, None, None, is_promoted=False) for n in (1, 2, 3))

    text = str(section(replace(DATA, learning=points)))

    assert "– to –" not in text
    assert "no gain per 100 labels is stated" in text
