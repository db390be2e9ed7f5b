"""Scoring of detectors: COCO's average precision, compared with the mean box of each class as baseline."""

from __future__ import annotations

from pipeline_tasks.kinds.boxes.labeling import BoxLabeling
from pipeline_tasks.kinds.boxes.matches import BoxMatches, match, mean_boxes
from pipeline_tasks.kinds.name_changes import NO_CHANGES, NameChanges
from pipeline_tasks.kinds.precision_scoring import PrecisionScoring, precision_names

NAMES = precision_names("mean_box_ap", "always the mean box of each class", "mean boxes")


def box_scoring(labeling: BoxLabeling, changes: NameChanges = NO_CHANGES) -> PrecisionScoring[BoxMatches]:
    """Metrics of the kind `box`."""
    return PrecisionScoring(NAMES, labeling, match, mean_boxes, changes)
