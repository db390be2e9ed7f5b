"""Report sections of a detector: average precision, errors by their sort, boxes over the images."""

from __future__ import annotations

from functools import partial

from pipeline_tasks.kinds.boxes.drawn_boxes import compared_images
from pipeline_tasks.kinds.object_reporting import ObjectReporting, precision_section
from pipeline_tasks.kinds.sure_objects import USUAL_CONFIDENCE

LEGEND = (
    f"Labels are drawn with a full line, predictions of at least {USUAL_CONFIDENCE:.0%} confidence with a dashed one; "
    "the error is thick. Average precision counts the others, too."
)


def box_reporting(class_names: tuple[str, ...]) -> ObjectReporting:
    """Words and sections of the kind `box`."""
    return ObjectReporting(
        class_names, partial(precision_section, right="boxes overlap"), compared_images, LEGEND, USUAL_CONFIDENCE
    )
