"""Tests that the control arm's section claims no more than its interval supports."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from reports.test_process import DATA

from pipeline_tasks.records.measure_selection_gain import MeasureSelectionGainSummary
from pipeline_tasks.reports.arm_charts import arms_curve, difference_curve
from pipeline_tasks.reports.cycle_data import GainPoint
from pipeline_tasks.reports.gain import section, sentence


def found(difference: tuple[float, float, float] = (0.02, 0.01, 0.03), why: str = "") -> MeasureSelectionGainSummary:
    measured: dict[str, Any] = {"why": why, "confidence": 0.95, "labels": 90, "mean_labels": 56.25, "mean_chosen": 50.0}
    measured |= {"test_images": 60, "classes": 5, "classes_seen": 6}
    measured |= {"chosen": [0.826, 0.71, 0.94], "drawn": [0.806, 0.69, 0.92], "difference": list(difference)}
    return MeasureSelectionGainSummary(**measured, labelled_chosen=300, labelled_drawn=100)


@pytest.mark.parametrize(
    ("difference", "says"),
    [
        (
            (0.02, 0.01, 0.03),
            "Yes, selection beat chance: over the first 90 labels in order of selection, heads have a mean balanced",
        ),
        ((0.02, -0.01, 0.05), "No measurable difference to random images"),
        ((-0.02, -0.03, -0.01), "No, selection did worse than random images"),
    ],
)
def test_sentence__follows_the_interval(difference: tuple[float, float, float], says: str) -> None:
    assert sentence(found(difference), "balanced accuracy").startswith(says)
    assert "The interval contains 0; differences below about 1 points cannot" in sentence(
        found((0.0, -0.01, 0.01)), "balanced accuracy"
    )


def test_sentence__says_the_gain_per_label() -> None:
    assert "95 % interval +1.0 to +3.0); per selected label +0.04 (+0.02 to +0.06)." in sentence(found(), "balanced accuracy")


def test_section__states_the_gain_per_label_of_each_night_with_its_interval() -> None:
    points = (GainPoint("2026-11-21", found()), GainPoint("2026-11-22", found(why="Too few labels.")))

    html = str(section(replace(DATA, gains=points)))

    assert ">points a selected label (interval)</th>" in html
    assert ">+0.04 (+0.02 to +0.06)</td>" in html


def test_sentence__says_why_there_is_no_result() -> None:
    assert sentence(
        found(why="3 labelled images were drawn at random so far; at least 20 are needed."), "balanced accuracy"
    ).startswith("It is not known if active selection helps: 3 labelled images")


def test_charts__draw_a_mark_for_each_arm_and_night() -> None:
    points = [GainPoint("2026-11-21", found()), GainPoint("2026-11-22", found((-0.1, -0.2, 0.0)))]
    assert arms_curve(points).count("<circle") == 2 * 2 + 2
    drawn = difference_curve(points)
    assert drawn.count("<circle") == 2
    assert "2026-11-22: -10.0 points, -20.0 to +0.0" in drawn
    assert "chance" in drawn
