"""Report sections of keypoints: average precision by OKS, errors by their sort, points over the images."""

from __future__ import annotations

from functools import partial

from pipeline_tasks.kinds.keypoints.drawn_things import Edges, compared_images
from pipeline_tasks.kinds.keypoints.labeling import KeypointLabeling
from pipeline_tasks.kinds.object_reporting import ObjectReporting, precision_section
from pipeline_tasks.kinds.sure_objects import USUAL_CONFIDENCE

LEGEND = (
    f"Labels are drawn with a full line, predictions of at least {USUAL_CONFIDENCE:.0%} confidence with a dashed one, without "
    "points that are probably not there; the error is thick. Average precision counts the others, too."
)
RIGHT = "skeletons are alike (OKS, object keypoint similarity)"


def keypoint_reporting(labeling: KeypointLabeling, edges: Edges) -> ObjectReporting:
    """Words and sections of the kind `keypoints`."""
    compare = partial(compared_images, labeling=labeling, edges=edges)
    return ObjectReporting(tuple(labeling.names), partial(precision_section, right=RIGHT), compare, LEGEND, USUAL_CONFIDENCE)
