"""Report sections of a segmenter: IoU by class, errors by their sort, regions over the images."""

from __future__ import annotations

from pipeline_tasks.kinds.figure_blocks import figure_blocks
from pipeline_tasks.kinds.masks.drawn_masks import compared_images
from pipeline_tasks.kinds.masks.metrics import IOU, MIOU
from pipeline_tasks.kinds.object_reporting import ObjectReporting
from pipeline_tasks.kinds.reporting import Evaluated, Section

LEGEND = (
    "Labels are drawn with a full line, predictions with a dashed one; the error is thick. A region is all of a class in an image."
)
_ABOUT = "IoU: pixels in label and prediction over pixels in either, added up over the test images."
_OVERALL = {
    MIOU: "mean IoU",
    "miou_without_background": "mean IoU of classes",
    "background_iou": "IoU of background",
    "boundary_f1": "F1 of boundaries",
}
_BY_CLASS = {IOU: "IoU by class", "boundary_f1": "F1 of boundaries, by class"}


def mask_reporting(class_names: tuple[str, ...]) -> ObjectReporting:
    """Words and sections of the kind `mask`."""
    return ObjectReporting(class_names, _overlap, compared_images, LEGEND)


def _overlap(evaluated: Evaluated) -> Section:
    """Intersection over union and boundaries, of the whole and of each class."""
    return Section("overlap", "Overlap of regions", figure_blocks(evaluated, _ABOUT, _OVERALL, _BY_CLASS))
