"""Data of the plots of a model of several classes on test images."""

from __future__ import annotations

from pipeline_tasks.kinds.multi_label.matches import MultiLabelMatches
from pipeline_tasks.kinds.plots import Plot, named_precision_recall, precision_recall_plot, reliability_plot
from pipeline_tasks.kinds.ranking import average_precision


def multi_label_plots(matches: MultiLabelMatches) -> list[Plot]:
    """Precision over recall of each class that test images show, and calibration of all decisions."""
    if not matches.images:
        return []
    shown = [column for column, count in enumerate(matches.truth.sum(axis=0).tolist()) if count]
    pairs = [(matches.truth[:, column], matches.probability[:, column]) for column in shown]
    lines = [named_precision_recall(matches.class_names[column], *pair) for column, pair in zip(shown, pairs, strict=True)]
    areas = [average_precision(*pair) for pair in pairs]
    found: list[Plot] = list(precision_recall_plot(lines, areas, note="With the area under each curve."))
    note = "The probability of each class in each test image; the larger a point, the more of them."
    found += reliability_plot(matches.truth.ravel(), matches.probability.ravel(), "share of images that show it", note=note)
    return found
