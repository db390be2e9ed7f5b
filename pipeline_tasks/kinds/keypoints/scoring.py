"""Scoring of keypoints: mean likeness (OKS) of things over all test images."""

from __future__ import annotations

from functools import partial

from pipeline_tasks.kinds.keypoints.consensus import annotations_alike
from pipeline_tasks.kinds.keypoints.labeling import KeypointLabeling
from pipeline_tasks.kinds.keypoints.skeleton import Skeleton
from pipeline_tasks.kinds.likeness_scoring import LikenessScoring
from pipeline_tasks.kinds.scoring import ScoreNames

NAMES = ScoreNames(
    metric="oks",
    words="mean OKS",
    baseline_metric="no_thing_oks",
    baseline_words="placing no point",
    baseline_short="no point",
    image_metric="oks",
    image_words="mean OKS an image",
)


def keypoint_scoring(labeling: KeypointLabeling) -> LikenessScoring[Skeleton]:
    """Metrics of the kind `keypoints`, for models of your own."""
    return LikenessScoring(NAMES, labeling, partial(annotations_alike, sigmas=labeling.sigmas))
