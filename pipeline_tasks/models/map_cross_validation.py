"""Judgement of the settings of a head on feature maps by cross-validation: each fold is a training as a night's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from pipeline_tasks.kinds.map_modelling import MapModelling, MapTraining, Shapes
from pipeline_tasks.kinds.modelling import Objective
from pipeline_tasks.models.cross_validation import Judged, chooser_of, judged_by_folds
from pipeline_tasks.models.examples import Batch
from pipeline_tasks.models.folds import Integers, fold_of_rows
from pipeline_tasks.models.journal import Journal, Metrics
from pipeline_tasks.models.map_training import MapExamples, train_maps
from pipeline_tasks.settings import TrainingSettings

MOST_HELD_OUT = 500
"""Images of a fold that judge; outputs of more would fill the memory, as in a night's training."""


@dataclass(frozen=True)
class MapFolds:
    """Images in folds by split group, the same ones for all settings that are compared."""

    groups: Integers
    """Number of the split group of each image."""
    objects: Sequence[Any]
    """The objects of each image, as the kind's modelling gives them."""
    count: int
    seed: int

    @cached_property
    def of_images(self) -> Integers:
        """Fold of each image."""
        return fold_of_rows(self.groups, None, self.count, self.seed)

    def held_out(self, fold: int) -> Integers:
        """Numbers of a fold's images."""
        found: Integers = np.flatnonzero(self.of_images == fold)[:MOST_HELD_OUT]
        return found

    def trained_on(self, fold: int) -> Integers:
        """Numbers of all other images but those that choose the epoch."""
        found: Integers = np.flatnonzero(~np.isin(self.of_images, (fold, chooser_of(fold, self.count))))
        return found

    def choosing(self, fold: int) -> Integers:
        """Numbers of the images that choose the epoch, as a night's validation images do."""
        return self.held_out(chooser_of(fold, self.count))

    def training(self, fold: int, modelling: MapModelling, settings: TrainingSettings) -> MapTraining:
        """Length and steps of a fold's training."""
        sides = (self.trained_on(fold), self.choosing(fold))
        return modelling.training(settings, *([self.objects[number] for number in side.tolist()] for side in sides))


@dataclass(frozen=True)
class _Some:
    """Some rows of examples."""

    all: MapExamples
    rows: Integers

    def __len__(self) -> int:
        """Number of examples."""
        return len(self.rows)

    def batch(self, epoch: int, numbers: list[int]) -> Batch:
        """Examples with these numbers."""
        return self.all.batch(epoch, self.rows[numbers].tolist())


def most_views(folds: MapFolds, modelling: MapModelling, settings: TrainingSettings) -> int:
    """Views of an image that the trainings of all folds want; few images get more of them."""
    return max(folds.training(fold, modelling, settings).views for fold in range(folds.count))


def maps_cross_validated(
    folds: MapFolds,
    examples: MapExamples,
    shapes: Shapes,
    modelling: MapModelling,
    settings: TrainingSettings,
    score: str,
    folder: Path,
    is_hopeless: Callable[[Sequence[float]], bool],
) -> Judged:
    """Train a head for each fold as a night does, on other images and their views, and judge it on the fold's whole images.

    The next fold chooses the epoch. `examples` has all images whole, then at least `most_views` views of all of them, view by view.
    `score` names the kind's score; `is_hopeless` is asked after each fold but the last. `folder` is scratch. A fit is one process.
    """
    images = len(folds.groups)
    alone = settings.fit.model_copy(update={"processes": 1})

    def metrics_on(fold: int) -> Metrics:
        """Metrics of a head that has not seen this fold."""
        how, learnt = folds.training(fold, modelling, settings), folds.trained_on(fold)
        train = _Some(examples, np.concatenate([learnt + view * images for view in range(1 + how.views)]))
        given = (train, _Some(examples, folds.choosing(fold)), shapes, modelling, how)
        network = train_maps(*given, seed=folds.seed, journal=Journal(), folder=folder, settings=alone).network
        return _metrics(network, _Some(examples, folds.held_out(fold)), modelling.objective(shapes), how.batch_size)

    return judged_by_folds(folds.count, metrics_on, score, is_hopeless)


def _metrics(network: nn.Module, examples: _Some, objective: Objective, batch_size: int) -> Metrics:
    """Metrics on all examples."""
    starts = range(0, len(examples), batch_size)
    with torch.no_grad():
        batches = [examples.batch(0, list(range(at, min(at + batch_size, len(examples))))) for at in starts]
        outputs = torch.cat([network(maps) for maps, _ in batches])
        return objective.metrics(outputs, torch.cat([targets for _, targets in batches]))
