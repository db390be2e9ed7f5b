"""Data of the plots of models that find objects in places: right is what is alike by at least one half."""

from __future__ import annotations

import numpy as np

from pipeline_tasks.kinds.matching.greedy import Flags
from pipeline_tasks.kinds.object_scoring import MatchedObjects
from pipeline_tasks.kinds.plots import Line, Plot, precision_recall_plot, reliability_plot
from pipeline_tasks.kinds.scoring import Floats

HALF = 0.5
NOTE = "A prediction is right if it is at least 50 % like an object of its class that no surer one has found."


def object_plots(matches: MatchedObjects) -> list[Plot]:
    """Precision over recall of each class with objects in test images, and calibration of all predictions that count."""
    found = matches.found
    at = int(np.argmin(np.abs(found.thresholds - HALF)))
    is_hit, counts = found.is_hit[0][at], ~found.is_ignored[0][at]
    there = np.bincount(found.true_classes[~found.is_true_ignored[0]], minlength=len(matches.class_names))
    lines, areas = [], []
    for number, (name, true) in enumerate(zip(matches.class_names, there.tolist(), strict=True)):
        if true:
            mine = counts & (found.classes == number)
            recall, precision = _curve(is_hit[mine], found.confidences[mine], true)
            lines.append(Line(name, tuple(zip(recall.tolist(), precision.tolist(), strict=True))))
            areas.append(float((np.diff(recall, prepend=0.0) * precision).sum()))
    plots: list[Plot] = list(precision_recall_plot(lines, areas, note=f"{NOTE} With the area under each curve."))
    return plots + list(reliability_plot(is_hit[counts], found.confidences[counts], "share of right ones", note=NOTE))


def _curve(is_hit: Flags, confidences: Floats, true: int) -> tuple[Floats, Floats]:
    """Recall and precision above each distinct confidence; objects that nothing finds keep recall below 1."""
    order = np.argsort(-confidences, kind="stable")
    hits, sorted_ = np.cumsum(is_hit[order]), confidences[order]
    ends = np.append(np.flatnonzero(np.diff(sorted_)), len(order) - 1) if len(order) else np.empty(0, np.int64)
    return hits[ends] / true, hits[ends] / (ends + 1)
