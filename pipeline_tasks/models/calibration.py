"""Calibration of a head on images that it was not fitted on: the validation images, or by cross-validation if those are few.

A small first night holds out a handful of images. Without calibration its model is about twice as certain as it is right.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.models.folds import group_folds, rows_of, shows_nothing_of
from pipeline_tasks.models.head_training import EmbeddedImages, HeadTraining, TrainedHead, joined, train_part

FOLDS = 4


def held_out_temperature(head: TrainedHead, train: EmbeddedImages, val: EmbeddedImages, how: HeadTraining) -> float:
    """Temperature from the validation images, if they are enough to choose epochs, else from all images by cross-validation."""
    if how.modelling.can_choose_epochs(val.targets):
        return how.modelling.temperature(how.modelling.outputs(head.arrays, val.embeddings), val.targets)
    both = joined(train, val)
    outputs, targets = _left_out(head, both, how)
    return how.modelling.temperature(outputs, targets) if len(targets) else 1.0


def _left_out(head: TrainedHead, images: EmbeddedImages, how: HeadTraining) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Outputs for each plain image by a head fitted without its split group, with the targets.

    An image whose target no other group has is left out: a head that was never shown it says nothing about certainty.
    """
    folds = group_folds(images, FOLDS, how.seed)
    is_plain = np.arange(len(images.targets)) < images.plain_count
    outputs, targets = [], []
    for fold in range(FOLDS):
        is_held_out = folds == fold
        if not is_held_out.any() or is_held_out.all():
            continue
        arrays = train_part(head, rows_of(images, shows_nothing_of(images, is_held_out)), how)
        rows = np.flatnonzero(is_held_out & is_plain)
        if images.targets.ndim == 1:
            rows = rows[np.isin(images.targets[rows], images.targets[~is_held_out])]
        outputs.append(how.modelling.outputs(arrays, images.embeddings[rows]))
        targets.append(images.targets[rows])
    return (np.concatenate(outputs), np.concatenate(targets)) if outputs else (np.empty(0, np.float32), np.empty(0, np.int64))
