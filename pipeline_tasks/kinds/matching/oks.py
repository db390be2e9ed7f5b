"""Likeness of a predicted skeleton to a true one: COCO's object keypoint similarity.

Of the points that are placed in the truth, each is as alike as it is near, for the size of the object and the spread with which
people place such a point (cocodataset.org, keypoints evaluation; pycocotools, `COCOeval.computeOks`).
"""

from __future__ import annotations

import numpy as np

from pipeline_tasks.kinds.matching.greedy import Flags, Floats


def oks(predicted: Floats, true: Floats, is_placed: Flags, areas_px: Floats, sigmas: Floats) -> Floats:
    """Likeness of each pair, D x G; 0 to a true skeleton without a placed point.

    `predicted` is D x K x 2 and `true` G x K x 2, in pixels; `is_placed` is G x K, `areas_px` G, of the true objects, `sigmas` K.
    """
    squares = ((predicted[:, None] - true[None]) ** 2).sum(axis=-1)
    scale = 2 * (2 * sigmas) ** 2 * (areas_px + np.spacing(1))[:, None]
    alike = np.where(is_placed, np.exp(-squares / scale), 0.0).sum(axis=-1)
    found: Floats = alike / np.maximum(is_placed.sum(axis=-1), 1)
    return found
