"""Judgement of training settings by cross-validation over training and validation images; of few images one part is chance."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from pipeline_tasks.kinds.modelling import Modelling
from pipeline_tasks.models.folds import group_folds, rows_of, shows_nothing_of
from pipeline_tasks.models.head_training import EmbeddedImages, HeadTraining, train_head, train_head_on_all
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

    The next fold chooses the epoch, and is then learnt from, too: a fold that chose its own epoch would flatter settings whose loss
    goes up and down. `score` names the kind's score; `is_hopeless` is asked after each fold but the last. `folder` is scratch.
    """
    of_rows = group_folds(folds.images, folds.count, folds.seed)
    is_plain = np.arange(len(of_rows)) < folds.images.plain_count
    how = HeadTraining(modelling, settings, folds.seed, Journal(), folder)

    def metrics_on(fold: int) -> Metrics:
        """Metrics of a head that has not seen this fold."""
        is_held_out, is_choosing = of_rows == fold, of_rows == chooser_of(fold, folds.count)
        train = rows_of(folds.images, shows_nothing_of(folds.images, is_held_out | is_choosing))
        val = rows_of(folds.images, is_choosing & is_plain)
        head = train_head_on_all(train_head(train, val, how), train, val, how)
        held_out = rows_of(folds.images, is_held_out & is_plain)
        outputs = modelling.outputs(head.arrays, held_out.embeddings)
        objective = modelling.objective(train.targets, settings)
        return objective.metrics(torch.from_numpy(outputs), torch.from_numpy(held_out.targets))

    return judged_by_folds(folds.count, metrics_on, score, is_hopeless)


def chooser_of(fold: int, count: int) -> int:
    """The fold whose images choose the epoch where this one is held out."""
    return (fold + 1) % count


def judged_by_folds(
    count: int, metrics_on: Callable[[int], Metrics], score: str, is_hopeless: Callable[[Sequence[float]], bool]
) -> Judged:
    """Fold after fold, as long as there is hope; `metrics_on` fits on the others and judges on this one."""
    losses: list[float] = []
    scores: list[float] = []
    for fold in range(count):
        found = metrics_on(fold)
        losses.append(found["val_scaled_loss"] if math.isfinite(found["val_scaled_loss"]) else DIVERGED)
        scores.append(found[f"val_{score}"])
        if fold + 1 < count and is_hopeless(losses):
            return Judged(tuple(losses), tuple(scores), is_ended_early=True)
    return Judged(tuple(losses), tuple(scores), is_ended_early=False)


def with_views(images: EmbeddedImages, views: int, wanted: int) -> EmbeddedImages:
    """The same images with only the first `wanted` of their `views` views, which stand behind the plain images, image by image."""
    plain = images.plain_count
    number = np.arange(len(images.targets) - plain) % max(views, 1)
    return rows_of(images, np.concatenate([np.ones(plain, bool), number < wanted]))
