"""Tests of the data of plots, by hand and against the figures of the report."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from kinds.boxes.boxes_by_hand import MODEL as BOX_MODEL
from kinds.boxes.boxes_by_hand import SCORING, predicted_rows, version_rows
from kinds.classes.matches_by_hand import matches
from kinds.multi_label import test_scoring as several

from pipeline_tasks.intervals.bootstrap import draw_groups
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.classes.class_kind import ClassKind
from pipeline_tasks.kinds.classes.matches import ClassMatches
from pipeline_tasks.kinds.classes.plots import class_plots
from pipeline_tasks.kinds.masks.mask_kind import MaskKind
from pipeline_tasks.kinds.plots import MOST_LINES, GridPlot, LinePlot, Plot, PlotMaker
from pipeline_tasks.kinds.ranking import calibration_error, reliability


def by_name(plots: list[Plot]) -> dict[str, Plot]:
    return {one.name: one for one in plots}


def lines_of(plot: Plot) -> dict[str, list[tuple[float, float]]]:
    assert isinstance(plot, LinePlot)
    return {one.name: [(round(x, 4), round(y, 4)) for x, y in one.points] for one in plot.lines}


def classified() -> ClassMatches:
    """Four images of a and b; the model is sure of three, and takes one a for b."""
    values = np.array([[0.9, 0.1], [0.3, 0.7], [0.2, 0.8], [0.1, 0.9]])
    return replace(matches("aabb", "abbb"), probabilities=values)


def test_class_plots__count_confusions_by_truth_and_prediction() -> None:
    grid = by_name(class_plots(classified()))["confusion"]

    assert isinstance(grid, GridPlot)
    assert grid.names == ("a", "b")
    assert grid.counts == {("a", "a"): 1, ("a", "b"): 1, ("b", "b"): 2}


def test_class_plots__have_precision_over_recall_of_each_class() -> None:
    found = lines_of(by_name(class_plots(classified()))["precision_recall"])

    # a by its probability: 0.9 is an a, 0.3 is one, then two b. b: 0.9 and 0.8 are, then two a.
    assert found == {"a (1.00)": [(0.5, 1), (1, 1), (1, 0.6667), (1, 0.5)], "b (1.00)": [(0.5, 1), (1, 1), (1, 0.6667), (1, 0.5)]}


def test_class_plots__have_the_share_of_right_ones_by_confidence() -> None:
    plot = by_name(class_plots(classified()))["calibration"]

    # Bins of a fifteenth: 0.7 is wrong, 0.8 right, and both of 0.9 are right.
    assert lines_of(plot) == {"model": [(0.7, 0.0), (0.8, 1.0), (0.9, 1.0)]}
    assert isinstance(plot, LinePlot)
    assert plot.lines[0].sizes == (1, 1, 2)


def test_reliability__is_the_calibration_error_taken_apart() -> None:
    drawn = np.random.default_rng(3)
    confidences = drawn.random(200)
    is_right = drawn.random(200) < confidences**2

    confidence, share, counts = reliability(is_right, confidences)

    assert counts.sum() == 200
    assert (np.abs(confidence - share) * counts).sum() / 200 == pytest.approx(calibration_error(is_right, confidences), abs=1e-12)


def test_class_plots__leave_out_a_class_that_no_test_image_shows() -> None:
    values = np.array([[0.5, 0.3, 0.2], [0.2, 0.3, 0.5]])
    found = class_plots(replace(matches("ac", "ac"), class_names=("a", "b", "c"), truth=np.array([0, 2]), probabilities=values))

    assert set(lines_of(by_name(found)["precision_recall"])) == {"a (1.00)", "c (1.00)"}


def test_class_plots__of_a_model_without_probabilities_are_confusions_alone() -> None:
    assert list(by_name(class_plots(matches("aabb", "abbb")))) == ["confusion"]


def test_class_plots__show_the_worst_of_many_classes_and_say_so() -> None:
    letters = "abcdefghij"
    values = np.eye(10) * 0.5
    values[0] = values[0][::-1]
    plot = by_name(class_plots(replace(matches(letters, letters), probabilities=values)))["precision_recall"]

    assert isinstance(plot, LinePlot)
    assert len(plot.lines) == MOST_LINES
    assert plot.lines[0].name.startswith("a (0.")
    assert plot.note.startswith("The 8 lowest of 10.")


def test_multi_label_plots__agree_with_the_average_precision_of_each_class() -> None:
    found = several.matches()
    plots = by_name(several.SCORING.plots(found))

    figures = several.SCORING.figures(found, several.SCORING.basis(found, 1), draw_groups(found.group_count, 5, 0), 0.9)
    areas = {one.class_name: one.value for one in figures if one.metric == "average_precision" and one.class_name}
    assert set(lines_of(plots["precision_recall"])) == {f"{name} ({area:.2f})" for name, area in areas.items()}
    calibration = plots["calibration"]
    assert isinstance(calibration, LinePlot)
    assert sum(calibration.lines[0].sizes) == found.truth.size


def test_object_plots__count_a_box_at_half_overlap_as_right() -> None:
    gear, nut = Box("gear", 100, 100, 200, 100), Box("nut", 400, 400, 60, 60)
    truth = [[gear], [gear, nut], [gear]]
    # The first is a hit at 60 % overlap, the second none at 25 %; nothing finds the third gear and the nut.
    said = [[replace(gear, x_min_px=150, confidence=0.9)], [replace(gear, x_min_px=220, confidence=0.8)], []]
    images = version_rows(truth)

    plots = by_name(SCORING.plots(SCORING.match(predicted_rows(said), images, BOX_MODEL)))

    assert lines_of(plots["precision_recall"]) == {"gear (0.33)": [(0.3333, 1.0), (0.3333, 0.5)], "nut (0.00)": []}
    assert lines_of(plots["calibration"]) == {"model": [(0.8, 0.0), (0.9, 1.0)]}


def test_object_plots__of_no_predictions_have_no_calibration() -> None:
    images = version_rows([[Box("gear", 100, 100, 200, 100)]])

    plots = by_name(SCORING.plots(SCORING.match(predicted_rows([[]]), images, BOX_MODEL)))

    assert "calibration" not in plots


def test_plots__are_made_by_kinds_whose_models_say_how_sure_they_are() -> None:
    assert isinstance(ClassKind(("a", "b")).scoring, PlotMaker)
    assert not isinstance(MaskKind(("a",)).scoring, PlotMaker)
