"""Trains a head on the frozen backbone's embeddings: of each image plain, and of its augmented views."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline_tasks.kinds.modelling import Arrays, Modelling, Scaling, Sharing
from pipeline_tasks.models.embedding_scale import embedding_scale
from pipeline_tasks.models.examples import Batch
from pipeline_tasks.models.fitting import Fitted, fit, fit_quickly
from pipeline_tasks.models.journal import Journal
from pipeline_tasks.models.plan import Plan, drawn_groups
from pipeline_tasks.settings import TrainingSettings

CHECKPOINT_EVERY_EPOCHS = 5
MIN_STEPS_PER_EPOCH = 16
"""Of few images smaller batches are made: a head that takes few steps stays where it began."""


@dataclass(frozen=True)
class Mixed:
    """The other image of each row that mixes two."""

    targets: NDArray[Any]
    """As of the rows; of rows that mix nothing, their own."""
    groups: NDArray[np.int64]
    """N numbers of split groups; of rows that mix nothing, their own."""
    shares: NDArray[np.float64]
    """N shares of the other image; 0 where nothing is mixed."""


@dataclass(frozen=True)
class EmbeddedImages:
    """Embeddings with their targets."""

    embeddings: NDArray[np.float32]
    """N x D, not normalised."""
    targets: NDArray[Any]
    """N values or rows, as the kind makes them."""
    groups: NDArray[np.int64] | None = None
    """N numbers of split groups; None if each row is a group of its own."""
    plain: int | None = None
    """Number of plain images, which come first; augmented views follow. None if all are plain."""
    mixed: Mixed | None = None
    """None if no row mixes images."""

    @property
    def plain_count(self) -> int:
        """Number of plain images."""
        return len(self.targets) if self.plain is None else self.plain


@dataclass(frozen=True)
class TrainedHead:
    """A head over embeddings as the backbone gives them."""

    arrays: Arrays
    fitted: Fitted
    linear: Arrays
    """The same head without a reach, as live training continues from it."""


@dataclass(frozen=True)
class HeadTraining:
    """Settings shared by both trainings of a head in a night."""

    modelling: Modelling
    settings: TrainingSettings
    seed: int
    journal: Journal
    folder: Path


def train_head(train: EmbeddedImages, val: EmbeddedImages, how: HeadTraining) -> TrainedHead:
    """Fit the head on `train`; `val` says how long, if it has enough images for that."""
    settings = how.settings
    patience = settings.patience_epochs if how.modelling.can_choose_epochs(val.targets) else None
    plan = _plan(how, "head", train.targets, max_epochs=settings.max_epochs, patience_epochs=patience)
    return _fit_head(train, val, how, plan, how.journal)


def train_head_on_all(chosen: TrainedHead, train: EmbeddedImages, val: EmbeddedImages, how: HeadTraining) -> TrainedHead:
    """Fit it again as long as the `chosen` head's best epoch, also on the validation images: labels are too dear to leave out.

    Its validation metrics are meaningless and not logged.
    """
    both = joined(train, val)
    epochs = chosen.fitted.best_epoch + 1
    plan = _plan(how, "head_on_all", both.targets, max_epochs=epochs, patience_epochs=None)
    silent = Journal(newest_checkpoint=how.journal.newest_checkpoint, keep_checkpoint=how.journal.keep_checkpoint)
    return _fit_head(both, val, how, plan, silent)


def train_part(chosen: TrainedHead, part: EmbeddedImages, how: HeadTraining) -> Arrays:
    """A head fitted on a part of the images as long as the `chosen` one."""
    epochs = chosen.fitted.best_epoch + 1
    plan = _plan(how, "part", part.targets, max_epochs=epochs, patience_epochs=None)
    scaling = embedding_scale(part.embeddings, part.plain_count)
    network, objective = how.modelling.new_head(part.embeddings.shape[1]), how.modelling.objective(part.targets, how.settings)
    return how.modelling.head_arrays(fit_quickly(network, _Rows(part, scaling, how.modelling), objective, plan), scaling)


def joined(train: EmbeddedImages, val: EmbeddedImages) -> EmbeddedImages:
    """All images, the plain ones first."""
    order = np.concatenate([np.arange(train.plain_count), len(train.targets) + np.arange(len(val.targets))])
    order = np.concatenate([order, np.arange(train.plain_count, len(train.targets))])
    # Numbers of both name the same groups; without numbers, each row is a group of its own.
    has_groups = train.groups is not None and val.groups is not None
    groups = np.concatenate([group_numbers(train), group_numbers(val)]) if has_groups else np.arange(len(order))
    return EmbeddedImages(
        np.concatenate([train.embeddings, val.embeddings])[order],
        np.concatenate([train.targets, val.targets])[order],
        groups[order],
        train.plain_count + len(val.targets),
        None if train.mixed is None else _mixed_of_both(train.mixed, val, order),
    )


def mixed_rows(images: EmbeddedImages, is_kept: NDArray[np.bool_]) -> Mixed | None:
    """Other images of some of the rows."""
    mixed = images.mixed
    return None if mixed is None else Mixed(mixed.targets[is_kept], mixed.groups[is_kept], mixed.shares[is_kept])


def _mixed_of_both(mixed: Mixed, val: EmbeddedImages, order: NDArray[np.int64]) -> Mixed:
    """Other images of the rows in this order; validation images are as they are."""
    return Mixed(
        np.concatenate([mixed.targets, val.targets])[order],
        np.concatenate([mixed.groups, group_numbers(val)])[order],
        np.concatenate([mixed.shares, np.zeros(len(val.targets))])[order],
    )


def group_numbers(images: EmbeddedImages) -> NDArray[np.int64]:
    """Group of each row."""
    return np.arange(len(images.targets)) if images.groups is None else images.groups


def _plan(how: HeadTraining, phase: str, targets: NDArray[Any], *, max_epochs: int, patience_epochs: int | None) -> Plan:
    settings = how.settings
    return Plan(
        phase=phase,
        max_epochs=max_epochs,
        patience_epochs=patience_epochs,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        seed=how.seed,
        checkpoint_every_epochs=CHECKPOINT_EVERY_EPOCHS,
        batch_size=min(settings.batch_size, -(-len(targets) // MIN_STEPS_PER_EPOCH)),
        # A second thread costs more than it brings on a layer this small, most of all beside other work; and the same
        # sums on every machine.
        threads=1,
        schedule_epochs=settings.max_epochs,
        groups=drawn_groups(how.modelling, settings.fit, targets),
        # A layer on stored embeddings takes seconds, and another process or a GPU as many to start.
        fit=settings.fit.model_copy(update={"processes": 1, "accelerator": "cpu"}),
    )


def _fit_head(train: EmbeddedImages, val: EmbeddedImages, how: HeadTraining, plan: Plan, journal: Journal) -> TrainedHead:
    """Fit a new head on scaled embeddings; the kind puts the scaling into its weights."""
    scaling = embedding_scale(train.embeddings, train.plain_count)
    network, rows = how.modelling.new_head(train.embeddings.shape[1]), _Rows(train, scaling, how.modelling)
    objective = how.modelling.objective(train.targets, how.settings)
    fitted = fit(network, rows, _Rows(val, scaling, how.modelling), objective, plan, journal, how.folder)
    linear = how.modelling.head_arrays(network, replace(scaling, reach=None))
    return TrainedHead(how.modelling.head_arrays(network, scaling), fitted, linear)


class _Rows:
    """Embeddings, scaled to a mean of 0 and a spread of about 1."""

    def __init__(self, images: EmbeddedImages, scaling: Scaling, modelling: Modelling) -> None:
        self.embeddings = torch.from_numpy(((images.embeddings - scaling.mean) / scaling.spread).astype(np.float32))
        targets, mixed = images.targets, images.mixed
        if mixed is not None and isinstance(modelling, Sharing):
            targets = modelling.shared_targets(targets, mixed.targets, mixed.shares)
        self.targets = torch.from_numpy(targets)

    def __len__(self) -> int:
        return len(self.targets)

    def batch(self, epoch: int, numbers: list[int]) -> Batch:
        """Embeddings and targets of these rows; the same in every epoch."""
        return self.embeddings[numbers], self.targets[numbers]
