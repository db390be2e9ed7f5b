"""Scoring of models of objects with masks: COCO's average precision, compared with the filled mean box of each class."""

from __future__ import annotations

from pipeline_tasks.kinds.masks.instance_matches import InstanceMatches, match, mean_boxes
from pipeline_tasks.kinds.masks.labeling import MaskLabeling
from pipeline_tasks.kinds.name_changes import NO_CHANGES, NameChanges
from pipeline_tasks.kinds.precision_scoring import PrecisionScoring, precision_names

NAMES = precision_names("mean_box_ap", "always the filled mean box of each class", "mean boxes")


def instance_scoring(labeling: MaskLabeling, changes: NameChanges = NO_CHANGES) -> PrecisionScoring[InstanceMatches]:
    """Metrics of the kind `mask` with `labels.regions: instance`."""
    return PrecisionScoring(NAMES, labeling, match, mean_boxes, changes)
