"""Judgement of training settings by cross-validation over training and validation images; of few images one part is chance."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline_tasks.kinds.modelling import Modelling
from pipeline_tasks.models.folds import group_folds, rows_of, shows_nothing_of
from pipeline_tasks.models.head_training import EmbeddedImages, HeadTraining, train_head
from pipeline_tasks.models.journal import Journal, Metrics
from pipeline_tasks.settings import TrainingSettings

DIVERGED = 1e6
"""Loss of a fit that ended in no number, so that it can be compared."""


@dataclass(frozen=True)
class Folds:
    """Images in folds, the same ones for all settings that are compared."""

    images: EmbeddedImages
    """Of training and validation images."""
    count: int
    seed: int
    """Draws the folds and the order of images in each fit."""


@dataclass(frozen=True)
class Judged:
    """Results on the held-out images, a fold each."""

    losses: tuple[float, ...]
    """`val_scaled_loss`, which chooses the epochs of a training, too."""
    scores: tuple[float, ...]
    """The kind's score."""
    is_ended_early: bool


def cross_validated(
    folds: Folds,
    modelling: Modelling,
    settings: TrainingSettings,
    score: str,
    folder: Path,
    is_hopeless: Callable[[Sequence[float]], bool],
) -> Judged:
    """Fit a head for each fold as a night does, on all other images and their views, and judge it on the fold's plain images.

    `score` names the kind's score; `is_hopeless` is asked after each fold but the last. `folder` is scratch.
    """
    of_rows = group_folds(folds.images, folds.count, folds.seed)
    is_plain = np.arange(len(of_rows)) < folds.images.plain_count

    def best_of(fold: int) -> Metrics:
        """Metrics of the best epoch on this fold."""
        train = rows_of(folds.images, shows_nothing_of(folds.images, of_rows == fold))
        held_out = rows_of(folds.images, (of_rows == fold) & is_plain)
        return train_head(train, held_out, HeadTraining(modelling, settings, folds.seed, Journal(), folder)).fitted.best

    return judged_by_folds(folds.count, best_of, score, is_hopeless)


def judged_by_folds(
    count: int, best_of: Callable[[int], Metrics], score: str, is_hopeless: Callable[[Sequence[float]], bool]
) -> Judged:
    """Fold after fold, as long as there is hope; `best_of` fits on the others and gives the metrics on this one."""
    losses: list[float] = []
    scores: list[float] = []
    for fold in range(count):
        best = best_of(fold)
        losses.append(best["val_scaled_loss"] if math.isfinite(best["val_scaled_loss"]) else DIVERGED)
        scores.append(best[f"val_{score}"])
        if fold + 1 < count and is_hopeless(losses):
            return Judged(tuple(losses), tuple(scores), is_ended_early=True)
    return Judged(tuple(losses), tuple(scores), is_ended_early=False)


def with_views(images: EmbeddedImages, views: int, wanted: int) -> EmbeddedImages:
    """The same images with only the first `wanted` of their `views` views, which stand behind the plain images, image by image."""
    plain = images.plain_count
    number = np.arange(len(images.targets) - plain) % max(views, 1)
    return rows_of(images, np.concatenate([np.ones(plain, bool), number < wanted]))
