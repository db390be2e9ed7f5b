"""Folds of embedded images for cross-validation: whole split groups, those of one target spread over all folds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.models.head_training import EmbeddedImages, group_numbers, mixed_rows


def group_folds(images: EmbeddedImages, folds: int, seed: int) -> NDArray[np.int64]:
    """Fold of each row, drawn from the seed."""
    groups, firsts, numbers = np.unique(group_numbers(images), return_index=True, return_inverse=True)
    drawn = np.random.default_rng(seed).permutation(len(groups))
    by_target = images.targets[firsts] if images.targets.ndim == 1 else np.zeros(len(groups))
    fold_of = np.empty(len(groups), np.int64)
    fold_of[np.lexsort((drawn, by_target))] = np.arange(len(groups)) % folds
    return fold_of[numbers]


def rows_of(images: EmbeddedImages, is_kept: NDArray[np.bool_]) -> EmbeddedImages:
    """Some of the rows, the plain ones still first."""
    plain = int(is_kept[: images.plain_count].sum())
    groups = group_numbers(images)[is_kept]
    return EmbeddedImages(images.embeddings[is_kept], images.targets[is_kept], groups, plain, mixed_rows(images, is_kept))


def shows_nothing_of(images: EmbeddedImages, is_held_out: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Rows that may be learnt from while others are held out: not those, and none that is mixed with an image of theirs."""
    if images.mixed is None:
        return ~is_held_out
    held_out = np.unique(group_numbers(images)[is_held_out])
    return ~is_held_out & ~np.isin(images.mixed.groups, held_out)
