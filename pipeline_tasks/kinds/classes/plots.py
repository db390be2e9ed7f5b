"""Data of the plots of a classifier on test images."""

from __future__ import annotations

from pipeline_tasks.kinds.classes.matches import ClassMatches
from pipeline_tasks.kinds.classes.metrics import confusions
from pipeline_tasks.kinds.plots import GridPlot, Plot, named_precision_recall, precision_recall_plot, reliability_plot
from pipeline_tasks.kinds.ranking import average_precision


def class_plots(matches: ClassMatches) -> list[Plot]:
    """Confusions; by the probabilities, precision over recall of each class that test images show, and calibration."""
    counts = {(truth, predicted): images for truth, predicted, images in confusions(matches)}
    found: list[Plot] = [GridPlot("confusion", "Confusion", "predicted", "true", matches.class_names, counts)]
    values = matches.probabilities
    if values is None or not matches.images:
        return found if matches.images else []
    truths = {column: matches.truth == column for column in range(len(matches.class_names))}
    shown = [column for column, is_true in truths.items() if is_true.any()]
    lines = [named_precision_recall(matches.class_names[column], truths[column], values[:, column]) for column in shown]
    areas = [average_precision(truths[column], values[:, column]) for column in shown]
    found += precision_recall_plot(lines, areas, note="Each class against all others, with the area under its curve.")
    note = "The most probable class of each test image; the larger a point, the more images."
    found += reliability_plot(matches.predicted == matches.truth, values.max(axis=1), "share of right ones", note=note)
    return found
