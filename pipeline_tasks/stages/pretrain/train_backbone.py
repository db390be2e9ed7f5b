"""Pretrain the backbone on the chosen images without their labels; killed anywhere, it goes on to the same weights."""

from __future__ import annotations

import hashlib
import logging
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_tasks.augmentations.policy import FOR_PLACES, FOR_WHOLE_IMAGES, Policy
from pipeline_tasks.backbones.exported_backbone import ExportedBackbone
from pipeline_tasks.backbones.pretrained import weights_as_bytes
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.json_values import Json
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.map_modelling import MapModelling
from pipeline_tasks.kinds.modelling import NothingTrained
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.models.journal import Journal, Metrics
from pipeline_tasks.pretraining.views import strong_policy
from pipeline_tasks.records.choose_pretraining_images import ChoosePretrainingImagesSummary
from pipeline_tasks.records.cycle import Cycle, derive_seed
from pipeline_tasks.records.open_pretraining import OpenPretrainingSummary
from pipeline_tasks.records.train_backbone import TrainBackboneSummary
from pipeline_tasks.storage.blobs.checkpoint_files import drop_checkpoints, keep_checkpoint, newest_checkpoint, put_candidate
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.pretraining_image import PretrainingImage
from pipeline_tasks.time_left import time_left
from pipeline_tasks.training_data.pretraining_images import PretrainingImages
from pipeline_tasks.training_data.version_images import digest_of

if TYPE_CHECKING:
    from torch import nn

    from pipeline_tasks.backbones.backbone import Backbone
    from pipeline_tasks.decoding.decoder import Decoder
    from pipeline_tasks.pretraining.fitting import Pretrained

STAGE = "train_backbone"
VERSION = 1
"""Bump when the training changes, so that older checkpoints are ignored."""
FEWEST_IMAGES = 2
logger = logging.getLogger(__name__)


def train_backbone(
    store: Store, cycle: Cycle, decoder: Decoder, backbone: Backbone, teacher: Backbone | None, work_folder: Path
) -> TrainBackboneSummary:
    """Train and store the weights; checkpoints go into the store after each epoch.

    Raises:
        MissingStageError: no images were chosen.
        SettingsError: the backbone has no weights that can be trained, or no augmentation is left for the views.
        ModelError: the loss is no number any more.
        CorruptObjectError: an original was changed in the store.
    """
    standing = store.finished(cycle.cycle_id, STAGE, TrainBackboneSummary)
    if standing is not None:
        # Checkpoints are left if an earlier try was killed right after its event.
        drop_checkpoints(store.objects, cycle.cycle_id)
        return standing
    store.summary(cycle.cycle_id, ChoosePretrainingImagesSummary)
    image_ids = store.read(PretrainingImage, cycle.cycle_id).filter("is_trained")["image_id"].to_list()
    if len(image_ids) < FEWEST_IMAGES:
        why = (
            f"wanted at least {FEWEST_IMAGES} images to train on, found {len(image_ids)}; the report says why others were left out"
        )
        return store.finish(cycle.cycle_id, STAGE, TrainBackboneSummary(skipped=why))
    policy = _policy(cycle)
    recipe, journal = _recipe_and_journal(store, cycle, backbone, teacher, policy, image_ids)
    logger.info("pretraining %s on %d images", recipe[:12], len(image_ids))
    images = PretrainingImages(store, decoder, image_ids, backbone.side_px)
    found = _pretrained(store, cycle, backbone, teacher, policy, images, journal, work_folder / "pretraining")
    key, sha256 = put_candidate(store.objects, cycle.cycle_id, weights_as_bytes(found.network))
    summary = TrainBackboneSummary(
        skipped=None,
        method=cycle.project.pretraining.method,
        backbone_name=cycle.project.backbone.name,
        from_backbone_digest=backbone.digest,
        side_px=backbone.side_px,
        images=len(image_ids),
        losses=list(found.losses),
        views_digest=policy.digest,
        teacher_digest=None if teacher is None else teacher.digest,
        resumed_from_epoch=found.resumed_from_epoch,
        candidate_key=key,
        candidate_sha256=sha256,
    )
    summary = store.finish(cycle.cycle_id, STAGE, summary)
    drop_checkpoints(store.objects, cycle.cycle_id)
    return summary


def _pretrained(
    store: Store,
    cycle: Cycle,
    backbone: Backbone,
    teacher: Backbone | None,
    policy: Policy,
    images: PretrainingImages,
    journal: Journal,
    folder: Path,
) -> Pretrained:
    """Gather the images and train; imports torch."""
    network = _network(cycle, backbone)
    from pipeline_tasks.pretraining.fitting import plan_of, pretrain
    from pipeline_tasks.pretraining.methods import Teacher, open_method
    from pipeline_tasks.pretraining.views import StrongViews

    settings = cycle.project.pretraining
    seed = derive_seed(store.summary(cycle.cycle_id, OpenPretrainingSummary).seed, "pretraining")
    guide = None if teacher is None else Teacher(teacher.load_network(), teacher.dimensions)
    method = open_method(settings.method, network, backbone.dimensions, guide, seed)
    plan = plan_of(
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        seed=seed,
    )
    return pretrain(method, StrongViews(images.in_file(folder), policy, seed, method.views), plan, journal, folder)


def _network(cycle: Cycle, backbone: Backbone) -> nn.Module:
    """The backbone's torch network.

    Raises:
        SettingsError: there is nothing in it to train.
    """
    name = cycle.project.backbone.name
    if not isinstance(backbone, ExportedBackbone):
        raise SettingsError(
            f"backbone.name: {name} cannot be pretrained: it is no exported torch network; choose another, such as "
            "efficientnet_lite0"
        )
    network = backbone.load_network()
    if not any(one.requires_grad for one in network.parameters()):
        raise SettingsError(f"backbone.name: {name} cannot be pretrained: its torch network has no weights that can be trained")
    return network


def _policy(cycle: Cycle) -> Policy:
    """Strong views that suit the label kind."""
    default = FOR_PLACES if _has_places(kind_of(cycle.project)) else FOR_WHOLE_IMAGES
    return strong_policy(cycle.project.pretraining.views, cycle.project.training.augmentation, default)


def _has_places(kind: Kind) -> bool:
    modelling = kind.modelling
    if isinstance(modelling, NothingTrained):
        return False
    return isinstance(modelling, MapModelling) or modelling.has_places


def _recipe_and_journal(
    store: Store, cycle: Cycle, backbone: Backbone, teacher: Backbone | None, policy: Policy, image_ids: list[str]
) -> tuple[str, Journal]:
    """Digest of all that the training depends on, and the journal that keeps its checkpoints under it."""
    plan, settings = store.summary(cycle.cycle_id, OpenPretrainingSummary), cycle.project.pretraining
    parts: dict[str, Json] = {
        "backbone": backbone.digest,
        "images": hashlib.sha256("\n".join(image_ids).encode()).hexdigest(),
        "seed": plan.seed,
        "settings": settings.model_dump(mode="json", exclude={"images", "probe_images", "views", "teacher"}),
        "teacher": None if teacher is None else teacher.digest,
        "version": VERSION,
        "views": policy.digest,
    }
    recipe, started = digest_of(parts), time.monotonic()

    def tell_epoch(phase: str, epoch: int, metrics: Metrics) -> None:
        left = time_left(epoch + 1, settings.epochs, time.monotonic() - started)
        logger.info("pretraining: epoch %d of %d, loss %.4f%s", epoch + 1, settings.epochs, metrics["loss"], left)

    return recipe, Journal(
        newest_checkpoint=partial(newest_checkpoint, store.objects, cycle.cycle_id, recipe),
        keep_checkpoint=partial(keep_checkpoint, store.objects, cycle.cycle_id, recipe),
        tell_epoch=tell_epoch,
    )
