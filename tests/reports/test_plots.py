"""Tests of the section on a candidate's training."""

from __future__ import annotations

from dataclasses import replace

from reports.test_process import DATA

from pipeline_tasks.records.by_stage import CycleRecords
from pipeline_tasks.records.drawn_plot import DrawnPlot
from pipeline_tasks.records.train_model import TrainModelSummary
from pipeline_tasks.records.training_start import TrainingStart
from pipeline_tasks.reports.plots import section

WHY = "It starts from the champion of cycle 2026-11-20."


def told(start: TrainingStart | None) -> str:
    return str(section(replace(DATA, records=CycleRecords((TrainModelSummary(skipped=None, start=start),)))))


def test_section__says_what_the_training_started_from_and_what_it_forgot() -> None:
    text = told(TrainingStart(True, WHY, old_images=40, old_score=0.9, score=0.7, warning="It forgot <b>."))

    assert WHY in text
    assert "On 40 validation images" in text
    assert "balanced accuracy was 90.0 % at the start and 70.0 % at the end." in text
    assert "<strong>It forgot &lt;b&gt;.</strong>" in text


def test_section__of_a_training_from_scratch_compares_nothing() -> None:
    text = told(TrainingStart(False, "There is no champion."))

    assert "There is no champion." in text
    assert "validation images" not in text


def test_section__of_a_project_that_does_not_ask_has_the_plots_alone() -> None:
    assert section(DATA) is None
    assert told(None) == "None"
    assert str(section(replace(DATA, plots=(DrawnPlot("losses", "<svg></svg>", "a note"),)))).count("<p") == 1
