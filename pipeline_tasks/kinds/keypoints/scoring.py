"""Scoring of keypoints: COCO's average precision by OKS, compared with the mean skeleton of each class as baseline."""

from __future__ import annotations

from functools import partial

import numpy as np
import polars as pl

from pipeline_tasks.kinds.keypoints.labeling import KeypointLabeling
from pipeline_tasks.kinds.keypoints.matches import ThingMatches, matched, mean_skeletons
from pipeline_tasks.kinds.keypoints.placed_rows import things_of_rows, true_things
from pipeline_tasks.kinds.name_changes import NO_CHANGES, NameChanges
from pipeline_tasks.kinds.precision_scoring import PrecisionScoring, precision_names
from pipeline_tasks.kinds.scoring import group_numbers

NAMES = precision_names("mean_skeleton_ap", "always the mean skeleton of each class", "mean skeletons")


def keypoint_scoring(labeling: KeypointLabeling, changes: NameChanges = NO_CHANGES) -> PrecisionScoring[ThingMatches]:
    """Metrics of the kind `keypoints`."""
    return PrecisionScoring(NAMES, labeling, partial(_match, labeling), mean_skeletons, changes)


def _match(labeling: KeypointLabeling, predictions: pl.DataFrame, images: pl.DataFrame) -> ThingMatches:
    """Compare one model's things with the truth."""
    said = things_of_rows(predictions, labeling)
    return matched(
        true_things(images, labeling),
        [said.get(image_id, ()) for image_id in images["image_id"]],
        group_numbers(images),
        images.select("width_px", "height_px").to_numpy().astype(np.float64),
        labeling.sigmas,
    )
