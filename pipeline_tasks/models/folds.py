"""Folds of embedded images for cross-validation: whole split groups, those of one target spread over all folds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.models.head_training import EmbeddedImages, group_numbers, mixed_rows

Integers = NDArray[np.int64]


def group_folds(images: EmbeddedImages, folds: int, seed: int) -> NDArray[np.int64]:
    """Fold of each row, drawn from the seed."""
    return fold_of_rows(group_numbers(images), images.targets if images.targets.ndim == 1 else None, folds, seed)


def fold_of_rows(groups: Integers, targets: Integers | None, folds: int, seed: int) -> Integers:
    """Fold of each row of these split groups; groups of one target are spread over all folds if targets are given."""
    there, firsts, numbers = np.unique(groups, return_index=True, return_inverse=True)
    drawn = np.random.default_rng(seed).permutation(len(there))
    by_target = np.zeros(len(there)) if targets is None else targets[firsts]
    fold_of = np.empty(len(there), np.int64)
    fold_of[np.lexsort((drawn, by_target))] = np.arange(len(there)) % folds
    found: Integers = fold_of[numbers]
    return found


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
