"""Report sections of models of objects with masks: average precision, errors by their sort, masks over the images."""

from __future__ import annotations

from functools import partial

from pipeline_tasks.kinds.boxes.reporting import LEGEND
from pipeline_tasks.kinds.masks.drawn_masks import compared_instances
from pipeline_tasks.kinds.object_reporting import ObjectReporting, precision_section
from pipeline_tasks.kinds.sure_objects import USUAL_CONFIDENCE


def instance_reporting(class_names: tuple[str, ...]) -> ObjectReporting:
    """Words and sections of the kind `mask` with `labels.regions: instance`."""
    return ObjectReporting(
        class_names, partial(precision_section, right="masks overlap"), compared_instances, LEGEND, USUAL_CONFIDENCE
    )
