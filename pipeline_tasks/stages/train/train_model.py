"""Train a candidate on the newest dataset version: a head on the frozen backbone, or also the backbone if the settings say so."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline_tasks.clients.training_log import EpochLog, RunDescription, RunTracker, TrainingLog
from pipeline_tasks.datasets.held_out import training_and_validation_rows
from pipeline_tasks.decoding.model_image import model_image, recipe_digest
from pipeline_tasks.decoding.stored_image import COLUMNS, stored_images
from pipeline_tasks.json_values import Json
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.models.augmentation import augmentation_digest, augmented_view
from pipeline_tasks.models.candidate import Candidate, trained_backbone_digest
from pipeline_tasks.models.exported import ModelMarks
from pipeline_tasks.models.journal import Journal, Metrics
from pipeline_tasks.records.build_dataset_version import BuildDatasetVersionSummary
from pipeline_tasks.records.cycle import Cycle, derive_seed
from pipeline_tasks.records.train_model import TrainModelSummary
from pipeline_tasks.storage.blobs.checkpoint_files import drop_checkpoints, keep_checkpoint, newest_checkpoint, put_candidate
from pipeline_tasks.storage.blobs.originals import read_original
from pipeline_tasks.storage.blobs.version_index import index_key
from pipeline_tasks.storage.blobs.view_files import read_views, write_views
from pipeline_tasks.storage.history.embedding_rows import read_embeddings
from pipeline_tasks.storage.history.mirrored_models import cycle_key, training_params, training_tags
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.versions.version_rows import version_rows
from pipeline_tasks.tables.image import Image
from pipeline_tasks.time_left import time_left, with_progress

if TYPE_CHECKING:
    from pipeline_tasks.backbones.backbone import Backbone
    from pipeline_tasks.decoding.decoder import Decoder
    from pipeline_tasks.models.training import Material, Outcome

STAGE = "train_model"
logger = logging.getLogger(__name__)
TRAINING_VERSION = 4
"""Bump when training changes, so that older checkpoints are ignored."""


def train_model(
    store: Store,
    cycle: Cycle,
    decoder: Decoder,
    backbone: Backbone,
    model_registry: RunTracker,
    experiment_log: EpochLog,
    work_folder: Path,
    *,
    is_last_try: bool = False,
) -> TrainModelSummary:
    """Train a candidate if the dataset version is worth it; metrics go to MLflow and W&B, checkpoints into the store.

    Raises:
        MissingStageError: the cycle has built no dataset version.
        ServiceUnavailableError: MLflow does not respond; a retry resumes from the newest checkpoint, the last one without MLflow.
        CorruptObjectError: an original was changed in the store.
    """
    standing = store.finished(cycle.cycle_id, STAGE, TrainModelSummary)
    if standing is not None:
        # Checkpoints are left if an earlier try was killed right after its event.
        drop_checkpoints(store.objects, cycle.cycle_id)
        return standing
    version = store.summary(cycle.cycle_id, BuildDatasetVersionSummary)
    if not version.should_train or version.dataset_cycle_id is None:
        return store.finish(cycle.cycle_id, STAGE, TrainModelSummary(skipped=version.why))
    work = _Work(store, cycle, decoder, backbone, version_rows(store, version.dataset_cycle_id, has_sizes=True), version)
    with TrainingLog(model_registry, experiment_log, work.description, is_last_try=is_last_try) as log:
        outcome = _train(work, log, work_folder / "training")
        log.end({f"best_{name}": value for name, value in outcome.best.items()} | {"temperature": outcome.temperature})
    summary = store.finish(cycle.cycle_id, STAGE, _summary(work, outcome, log, experiment_log.mode))
    drop_checkpoints(store.objects, cycle.cycle_id)
    return summary


def _train(work: _Work, log: TrainingLog, folder: Path) -> Outcome:
    """Gather the training data, then train; imports torch."""
    material = _material(work)
    from pipeline_tasks.models.training import train

    settings, objects, cycle_id = work.cycle.project.training, work.store.objects, work.cycle.cycle_id
    epochs_of = {"head": settings.max_epochs, "live": settings.unfreeze_epochs}
    started: dict[str, float] = {}

    def tell_epoch(phase: str, epoch: int, metrics: Metrics) -> None:
        seconds = time.monotonic() - started.setdefault(phase, time.monotonic())
        if (most := epochs_of.get(phase, 0)) and (epoch + 1) % max(1, most // 10) == 0:
            left = time_left(epoch, most - 1, seconds)
            logger.info("%s: epoch %d of at most %d%s", phase.replace("_", " "), epoch + 1, most, left)
        log.tell_epoch(epoch if phase == "head" else settings.max_epochs + epoch, metrics)

    def keep(phase: str, epochs_done: int, content: bytes) -> None:
        log.send()
        keep_checkpoint(objects, cycle_id, work.recipe, phase, epochs_done, content)

    journal = Journal(
        newest_checkpoint=partial(newest_checkpoint, objects, cycle_id, work.recipe),
        keep_checkpoint=keep,
        tell_epoch=tell_epoch,
    )
    return train(
        material,
        work.kind.modelling,
        settings,
        seed=work.seed,
        journal=journal,
        folder=folder,
        load_network=work.backbone.load_network,
    )


def _material(work: _Work) -> Material:
    """Embeddings of all images and of the training images' views, and the images themselves if the backbone is unfrozen."""
    from pipeline_tasks.models.head_training import EmbeddedImages
    from pipeline_tasks.models.live_training import Images
    from pipeline_tasks.models.training import Material

    train_ids, val_ids = work.train["image_id"].to_list(), work.val["image_id"].to_list()
    train_targets, val_targets = work.kind.modelling.targets(work.train), work.kind.modelling.targets(work.val)
    views = work.cycle.project.training.augmented_views
    train_embeddings = [_plain(work, train_ids)]
    if views:
        train_embeddings.append(np.concatenate(_on_all_cores("augmented views", partial(_embedded_views, work), train_ids)))
    is_live = work.cycle.project.training.unfreeze_epochs > 0
    train_groups, val_groups = _groups(work)
    all_targets = np.concatenate([train_targets, np.repeat(train_targets, views, axis=0)])
    all_groups = np.concatenate([train_groups, np.repeat(train_groups, views)])
    return Material(
        train=EmbeddedImages(np.concatenate(train_embeddings), all_targets, all_groups, len(train_ids)),
        val=EmbeddedImages(_plain(work, val_ids), val_targets, val_groups),
        train_images=Images(np.stack(_on_all_cores("training images", work.image, train_ids)), train_targets) if is_live else None,
        val_images=Images(np.stack(_on_all_cores("validation images", work.image, val_ids)), val_targets) if is_live else None,
    )


def _groups(work: _Work) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number of the split group of each training and each validation image."""
    ids = pl.concat([work.train["split_group_id"], work.val["split_group_id"]])
    numbers = (ids.rank("dense") - 1).to_numpy().astype(np.int64)
    return numbers[: work.train.height], numbers[work.train.height :]


def _plain(work: _Work, image_ids: Sequence[str]) -> NDArray[np.float32]:
    """Embeddings stored by `measure_images`; missing ones of this backbone are computed now."""
    found = read_embeddings(work.store, image_ids, work.backbone.digest)
    missing = np.flatnonzero(~found.has_embedding)
    if not len(missing):
        return found.vectors
    vectors = found.vectors if found.vectors.shape[1] else np.zeros((len(image_ids), work.backbone.dimensions), np.float32)
    vectors[missing] = np.stack(_on_all_cores("embeddings", partial(_embedded, work), [image_ids[number] for number in missing]))
    return vectors


def _embedded(work: _Work, image_id: str) -> NDArray[np.float32]:
    embedding: NDArray[np.float32] = work.backbone.embed(work.image(image_id)[np.newaxis])[0]
    return embedding


def _embedded_views(work: _Work, image_id: str) -> NDArray[np.float32]:
    """Embed an image's augmented views (views x D), or read those that an earlier training stored."""
    kept = read_views(work.store.objects, work.view_recipe, image_id)
    if kept is not None:
        return kept
    image, project = work.image(image_id), work.cycle.project
    # The project's seed and not the cycle's, so that the next training can use the same views.
    seeds = [derive_seed(project.seed, "view", image_id, str(number)) for number in range(project.training.augmented_views)]
    drawn = [augmented_view(image, seed, may_move=not work.kind.modelling.has_places) for seed in seeds]
    views = np.concatenate([work.backbone.embed(view[np.newaxis]) for view in drawn])
    write_views(work.store.objects, work.view_recipe, image_id, views)
    return views


def _on_all_cores(what: str, function: Callable[[str], NDArray[Any]], image_ids: Sequence[str]) -> list[NDArray[Any]]:
    """Map in one thread a core: decoding waits for children, embedding releases Python's lock. `what` names it in the log."""
    with ThreadPoolExecutor(len(os.sched_getaffinity(0)), thread_name_prefix="train") as threads:
        return list(with_progress(threads.map(function, image_ids), len(image_ids), what, logger))


class _Work:
    """Inputs of one training, and values derived from them."""

    def __init__(
        self,
        store: Store,
        cycle: Cycle,
        decoder: Decoder,
        backbone: Backbone,
        rows: pl.DataFrame,
        version: BuildDatasetVersionSummary,
    ) -> None:
        self.store, self.cycle, self.decoder, self.backbone, self.version = store, cycle, decoder, backbone, version
        self.kind = kind_of(cycle.project)
        self.side_px = cycle.project.backbone.side_px
        self.dataset_id = str(version.dataset_id)
        # Seeded by project and data, not by the cycle: the same labels train the same model.
        self.seed = derive_seed(cycle.project.seed, "train", self.dataset_id)
        self.train, self.val = training_and_validation_rows(rows, self.kind.choosing.names(rows), self.seed)
        self._stored = stored_images(store.rows_of(Image, rows["image_id"], columns=COLUMNS).iter_rows())
        views: dict[str, Json] = {
            "augmentation": augmentation_digest(may_move=not self.kind.modelling.has_places),
            "backbone": backbone.digest,
            "picture": recipe_digest(self.side_px),
        }
        views |= {"engine": backbone.engine, "seed": cycle.project.seed, "views": cycle.project.training.augmented_views}
        self.view_recipe = _digest(views)
        training: dict[str, Json] = {
            "dataset_id": self.dataset_id,
            "settings": cycle.project.training.model_dump(),
            "version": TRAINING_VERSION,
        }
        self.recipe = _digest(training | {"views": self.view_recipe})

    @property
    def description(self) -> RunDescription:
        """Data for the trackers."""
        return RunDescription(
            name=self.cycle.outside_name,
            cycle_key=cycle_key(self.cycle.outside_name, self.cycle.cycle_id),
            params={**training_params(self.cycle), "seed": self.seed},
            tags=training_tags(self.cycle, self.dataset_id, self.backbone.digest),
            dataset_id=self.dataset_id,
            dataset_source=index_key(self.dataset_id),
        )

    def image(self, image_id: str) -> NDArray[np.uint8]:
        """Read an original as a model-size image."""
        stored = self._stored[image_id]
        original = read_original(self.store.objects, image_id, stored.md5)
        return model_image(self.decoder.decode(original, stored.form).pixels, self.side_px)

    def candidate(self, outcome: Outcome) -> Candidate:
        """The candidate of a training, with its origin."""
        digest = self.backbone.digest
        marks = ModelMarks(
            kind=self.kind,
            backbone_digest=trained_backbone_digest(digest, outcome.backbone_weights) if outcome.backbone_weights else digest,
            recipe_digest=recipe_digest(self.side_px),
            side_px=self.side_px,
            dataset_id=self.dataset_id,
            temperature=outcome.temperature,
        )
        return Candidate(marks, outcome.head, outcome.backbone_weights)


def _summary(work: _Work, outcome: Outcome, log: TrainingLog, wandb_mode: str) -> TrainModelSummary:
    """Store the candidate and return the summary with its key."""
    candidate = work.candidate(outcome)
    key, sha256 = put_candidate(work.store.objects, work.cycle.cycle_id, candidate.as_bytes())
    return TrainModelSummary(
        skipped=None,
        why=work.version.why,
        dataset_id=work.dataset_id,
        dataset_cycle_id=work.version.dataset_cycle_id,
        candidate_key=key,
        candidate_sha256=sha256,
        backbone_digest=candidate.marks.backbone_digest,
        is_unfrozen=bool(candidate.backbone_weights),
        mlflow_run_id=None if log.run is None else log.run.run_id,
        mlflow_url=None if log.run is None else log.run.url,
        wandb_mode=wandb_mode,
        train_images=work.train.height,
        val_images=work.val.height,
        views=work.cycle.project.training.augmented_views,
        view_recipe=work.view_recipe,
        epochs=outcome.epochs,
        resumed_from_epoch=outcome.resumed_from_epoch,
        val_score=outcome.best[f"val_{work.kind.scoring.names.metric}"],
        val_loss=outcome.best["val_loss"],
        temperature=outcome.temperature,
        never_shown=list(outcome.never_shown),
        mirror_notes=list(log.notes),
    )


def _digest(recipe: Mapping[str, Json]) -> str:
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()
