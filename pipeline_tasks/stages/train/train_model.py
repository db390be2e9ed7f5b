"""Train a candidate on the newest dataset version: a head in the form of its label kind, or a whole network."""

from __future__ import annotations

import logging
import math
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from pipeline_tasks.clients.training_log import EpochLog, EventLog, RunDescription, RunTracker, TrainingLog
from pipeline_tasks.models.journal import Journal, Metrics
from pipeline_tasks.records.build_dataset_version import BuildDatasetVersionSummary
from pipeline_tasks.records.choose_settings import ChooseSettingsSummary
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.run_origin import RunOrigin
from pipeline_tasks.records.train_model import TrainModelSummary
from pipeline_tasks.storage.blobs.checkpoint_files import drop_checkpoints, keep_checkpoint, newest_checkpoint, put_candidate
from pipeline_tasks.storage.blobs.version_index import index_key
from pipeline_tasks.storage.history.mirrored_models import cycle_key, training_params, training_tags
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.history.trained_with import with_found_settings
from pipeline_tasks.tables.table import empty
from pipeline_tasks.tables.training_epoch import TrainingEpoch
from pipeline_tasks.time_left import time_left
from pipeline_tasks.training_data.starting_point import record_of
from pipeline_tasks.training_data.training import Training, training_of
from pipeline_tasks.training_data.version_images import VersionImages

if TYPE_CHECKING:
    from pipeline_tasks.backbones.backbone import Backbone
    from pipeline_tasks.decoding.decoder import Decoder
    from pipeline_tasks.models.training import Outcome
    from pipeline_tasks.networks.network import Network

STAGE = "train_model"
logger = logging.getLogger(__name__)


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
    origin: RunOrigin | None = None,
    event_log: EventLog | None = None,
    network: Network | None = None,
) -> TrainModelSummary:
    """Train a candidate if the dataset version is worth it; metrics go to the trackers, checkpoints into the store.

    Raises:
        MissingStageError: the cycle has built no dataset version.
        ServiceUnavailableError: MLflow does not respond; a retry resumes from the newest checkpoint, the last one without MLflow.
        CorruptObjectError: an original was changed in the store.
        SettingsError: the project wants a GPU, and this machine has none.
    """
    standing = store.finished(cycle.cycle_id, STAGE, TrainModelSummary)
    if standing is not None:
        # Checkpoints are left if an earlier try was killed right after its event.
        drop_checkpoints(store.objects, cycle.cycle_id)
        return standing
    version = store.summary(cycle.cycle_id, BuildDatasetVersionSummary)
    if not version.should_train or version.dataset_cycle_id is None:
        return store.finish(cycle.cycle_id, STAGE, TrainModelSummary(skipped=version.why))
    searched = store.find_summary(cycle.cycle_id, ChooseSettingsSummary)
    if searched is not None:
        if not searched.is_found:
            return store.finish(cycle.cycle_id, STAGE, TrainModelSummary(skipped=searched.why))
        cycle = with_found_settings(cycle, searched)
    _check_device(cycle)
    images = VersionImages(store, cycle, decoder, str(version.dataset_id), version.dataset_cycle_id)
    training = training_of(images, backbone, network)
    described = _description(images, training, origin)
    with TrainingLog(model_registry, experiment_log, described, is_last_try=is_last_try, event_log=event_log) as log:
        outcome = training.run(_journal(images, training, log), work_folder / "training")
        log.end({f"best_{name}": value for name, value in outcome.best.items()} | {"temperature": outcome.temperature})
    summary = _summary(images, training, outcome, version, log, experiment_log.mode, origin)
    summary = store.finish(cycle.cycle_id, STAGE, summary, [(TrainingEpoch, _epochs(outcome))])
    drop_checkpoints(store.objects, cycle.cycle_id)
    return summary


def _check_device(cycle: Cycle) -> None:
    """Refuse a device that this machine does not have before any image is read."""
    if cycle.project.training.fit.accelerator != "cpu":
        from pipeline_tasks.models.devices import device_here

        device_here(cycle.project.training.fit)


def _journal(images: VersionImages, training: Training, log: TrainingLog) -> Journal:
    """Epochs go to the trackers, checkpoints into the store."""
    objects, cycle_id, max_epochs = images.store.objects, images.cycle.cycle_id, images.project.training.max_epochs
    started: dict[str, float] = {}

    def tell_epoch(phase: str, epoch: int, metrics: Metrics) -> None:
        seconds = time.monotonic() - started.setdefault(phase, time.monotonic())
        if (most := training.epochs_of(phase)) and (epoch + 1) % max(1, most // 10) == 0:
            left = time_left(epoch, most - 1, seconds)
            logger.info("%s: epoch %d of at most %d%s", phase.replace("_", " "), epoch + 1, most, left)
        log.tell_epoch(max_epochs + epoch if phase == "live" else epoch, metrics)

    def store_checkpoint(phase: str, epochs_done: int, content: bytes) -> None:
        log.send()
        keep_checkpoint(objects, cycle_id, training.recipe, phase, epochs_done, content)

    return Journal(
        newest_checkpoint=partial(newest_checkpoint, objects, cycle_id, training.recipe),
        keep_checkpoint=store_checkpoint,
        tell_epoch=tell_epoch,
    )


def _description(images: VersionImages, training: Training, origin: RunOrigin | None) -> RunDescription:
    """Data for the trackers."""
    cycle, more = images.cycle, {} if training.start is None else training.start.record.tags
    return RunDescription(
        name=cycle.outside_name,
        cycle_key=cycle_key(cycle.outside_name, cycle.cycle_id),
        params={**training_params(cycle), "seed": images.seed},
        tags={**training_tags(cycle, images.dataset_id, training.backbone_digest), **(origin.tags if origin else {}), **more},
        dataset_id=images.dataset_id,
        dataset_source=index_key(images.dataset_id),
    )


def _epochs(outcome: Outcome) -> pl.DataFrame:
    """Rows of `training_epochs`."""
    rows = [
        {"phase": phase, "epoch": epoch, "metric": metric, "value": float(value)}
        for phase, history in outcome.history.items()
        for epoch, metrics in enumerate(history)
        for metric, value in metrics.items()
        if math.isfinite(value)
    ]
    return pl.DataFrame(rows) if rows else empty(TrainingEpoch)


def _summary(
    images: VersionImages,
    training: Training,
    outcome: Outcome,
    version: BuildDatasetVersionSummary,
    log: TrainingLog,
    wandb_mode: str,
    origin: RunOrigin | None,
) -> TrainModelSummary:
    """Store the candidate and return the summary with its key."""
    candidate, effects = training.candidate(outcome), training.effects()
    metric, margin = images.kind.scoring.names.metric, images.project.gates.margin
    start = None if training.start is None else record_of(training.start, outcome, metric, margin)
    for warning in [*(one.warning for one in effects), *([start.warning] if start else [])]:
        if warning:
            logger.warning("%s", warning)
    key, sha256 = put_candidate(images.store.objects, images.cycle.cycle_id, candidate.as_bytes())
    return TrainModelSummary(
        skipped=None,
        why=version.why,
        dataset_id=images.dataset_id,
        dataset_cycle_id=version.dataset_cycle_id,
        candidate_key=key,
        candidate_sha256=sha256,
        backbone_digest=candidate.marks.backbone_digest,
        is_unfrozen=bool(candidate.backbone_weights),
        mlflow_run_id=None if log.run is None else log.run.run_id,
        mlflow_url=None if log.run is None else log.run.url,
        wandb_mode=wandb_mode,
        train_images=images.train.height,
        val_images=images.val.height,
        views=training.views,
        view_recipe=training.view_recipe,
        epochs=outcome.epochs,
        resumed_from_epoch=outcome.resumed_from_epoch,
        val_score=outcome.best[f"val_{metric}"],
        val_loss=outcome.best["val_loss"],
        temperature=outcome.temperature,
        never_shown=list(outcome.never_shown),
        effects=effects,
        mirror_notes=list(log.notes),
        origin=origin,
        start=start,
    )
