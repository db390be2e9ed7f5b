"""Tests of training a candidate: once, resumed after a kill, with the same result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from given import an_open_cycle
from given_models import CLASSES, SIDE_PX, SPLITS, TRAINING, TinyNetwork, World, an_image

from pipeline_tasks.decoding.model_image import model_image
from pipeline_tasks.errors import CorruptObjectError, ServiceUnavailableError, SettingsError
from pipeline_tasks.kinds.classes.decode import softmax
from pipeline_tasks.kinds.classes.modelling import ClassModelling
from pipeline_tasks.models import training
from pipeline_tasks.records.choose_settings import ChooseSettingsSummary
from pipeline_tasks.records.cycle import CycleArguments
from pipeline_tasks.records.run_origin import RunOrigin
from pipeline_tasks.stages.train.build_dataset_version import build_dataset_version
from pipeline_tasks.storage.blobs.checkpoint_files import keep_checkpoint
from pipeline_tasks.storage.history.mirrored_models import mirrored_model
from pipeline_tasks.tables.training_epoch import TrainingEpoch
from pipeline_tasks.training_data.version_images import VersionImages, digest_of, training_digest

pytestmark = pytest.mark.slow


def test_train_model__separates_bolts_from_nuts(tmp_path: Path) -> None:
    world = World(tmp_path)

    summary = world.train()

    assert summary.skipped is None
    assert summary.val_score == 1.0
    assert (summary.train_images, summary.val_images, summary.epochs) == (18, 6, 12)
    candidate = world.candidate(summary)
    assert candidate.head["weight"].shape == (2, 32)
    assert candidate.marks.dataset_id == summary.dataset_id
    assert candidate.marks.backbone_digest == world.backbone.digest
    assert not summary.is_unfrozen


def test_train_model__logs_each_epoch_to_both_trackers(tmp_path: Path) -> None:
    world = World(tmp_path)

    summary = world.train()

    assert world.registry.told == [*range(12), 0]
    assert {"train_loss", "val_loss", "val_balanced_accuracy", "best_val_loss"} <= set(world.registry.epochs[0])
    assert world.registry.status == {"parts/2026-11-21": "FINISHED"}
    assert world.registry.tags["nightlens.dataset_id"] == summary.dataset_id
    assert world.log.epochs == list(range(12))
    assert world.log.calls == ["start parts parts/2026-11-21", "finish"]


def test_train_model__a_second_run_changes_nothing(tmp_path: Path) -> None:
    world = World(tmp_path)
    summary = world.train()
    keys = list(world.store.objects.list(""))
    # What a kill between the event and the clean-up leaves.
    keep_checkpoint(world.store.objects, "2026-11-21", "r" * 24, "head", 1, b"left behind")

    assert world.train() == summary
    assert list(world.store.objects.list("")) == keys


def test_train_model__embeds_images_and_views_only_once(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.registry.fails_at_epoch = 0
    with pytest.raises(ServiceUnavailableError):
        world.train()
    assert world.backbone.embedded == 18 * 3 + 6

    world.train()

    assert world.backbone.embedded == 18 * 3 + 6 + 18 + 6, "only the plain images, which no table holds here, once more"


@pytest.mark.parametrize("unfreeze_epochs", [0, 3])
def test_train_model__resumed_after_a_kill_gives_the_same_candidate(tmp_path: Path, unfreeze_epochs: int) -> None:
    undisturbed, killed = (World(tmp_path, unfreeze_epochs=unfreeze_epochs) for _ in range(2))
    wanted = undisturbed.train()
    killed.registry.fails_at_epoch = 13 if unfreeze_epochs else 7

    with pytest.raises(ServiceUnavailableError):
        killed.train()
    assert killed.registry.status == {"parts/2026-11-21": "FAILED"}
    found = killed.train()

    assert wanted.resumed_from_epoch is None
    assert found.resumed_from_epoch == (13 if unfreeze_epochs else 5)
    assert found.candidate_sha256 == wanted.candidate_sha256
    assert killed.registry.epochs == undisturbed.registry.epochs
    curves = [world.store.read(TrainingEpoch, world.cycle.cycle_id) for world in (killed, undisturbed)]
    assert curves[0].equals(curves[1])
    assert set(curves[0]["phase"]) == ({"head", "live"} if unfreeze_epochs else {"head"})
    assert curves[0].filter(metric="val_loss").height == found.epochs
    assert killed.registry.status == {"parts/2026-11-21": "FINISHED"}
    assert not [key for key in killed.store.objects.list("checkpoints/") if key.endswith(".ckpt")]


def test_train_model__starts_again_if_the_checkpoint_is_damaged(tmp_path: Path) -> None:
    undisturbed, killed = World(tmp_path), World(tmp_path)
    wanted = undisturbed.train()
    killed.registry.fails_at_epoch = 7
    with pytest.raises(ServiceUnavailableError):
        killed.train()
    for key in killed.store.objects.list("checkpoints/"):
        killed.store.objects.replace(key, b"rot", killed.store.objects.read(key).etag)

    found = killed.train()

    assert found.resumed_from_epoch is None
    assert found.candidate_sha256 == wanted.candidate_sha256


@pytest.mark.parametrize("prefix", ["files/md5/", "tables/dataset_images/"])
@pytest.mark.parametrize(
    "rot",
    [
        lambda content: content[:40] + bytes([content[40] ^ 1]) + content[41:],
        lambda content: content[:-7],
        lambda content: bytes(len(content)),
    ],
    ids=["one bit", "truncated", "zeroed"],
)
def test_train_model__refuses_a_damaged_original(tmp_path: Path, prefix: str, rot: Callable[[bytes], bytes]) -> None:
    world = World(tmp_path)
    objects = world.store.objects
    for key in objects.list(prefix):
        standing = objects.read(key)
        objects.replace(key, rot(standing.content), standing.etag)

    with pytest.raises(CorruptObjectError, match=f"{prefix}.*wanted sha256"):
        world.train()

    assert world.store.event("2026-11-21", "train_model") is None


def test_train_model__unfreezes_the_backbone(tmp_path: Path) -> None:
    world = World(tmp_path, unfreeze_epochs=3, learning_rate=0.03)

    summary = world.train()

    candidate = world.candidate(summary)
    assert summary.is_unfrozen
    assert summary.epochs == 12 + 3
    assert candidate.marks.backbone_digest != world.backbone.digest
    before = TinyNetwork().state_dict()["filters.weight"].numpy()
    assert not np.array_equal(candidate.backbone_weights["filters.weight"], before)


def test_train_model__keeps_the_frozen_backbone_unless_the_trained_one_is_proven_better(tmp_path: Path) -> None:
    world = World(tmp_path, unfreeze_epochs=1, learning_rate=1e-6)

    summary = world.train()

    assert not summary.is_unfrozen
    assert world.candidate(summary).marks.backbone_digest == world.backbone.digest


def test_train_model__contracts_in_the_space_of_the_unfrozen_backbone(tmp_path: Path) -> None:
    world = World(tmp_path, unfreeze_epochs=3, learning_rate=0.03)

    candidate = world.candidate(world.train())

    backbone = TinyNetwork()
    backbone.load_state_dict({name: torch.from_numpy(values) for name, values in candidate.backbone_weights.items()})
    numbers = [number for number, split in SPLITS.items() if split == "train"]
    images = [model_image(an_image(name, number), SIDE_PX) for number in numbers for name in CLASSES]
    with torch.no_grad():
        embeddings = np.concatenate([backbone(torch.from_numpy(one[np.newaxis].copy())).numpy() for one in images])
    head = candidate.head
    assert np.allclose(head["mean"], embeddings.mean(axis=0), atol=1e-5)
    distances = np.square(embeddings - head["mean"]) @ head["precision"]
    assert np.isclose(head["reach"], np.median(distances), rtol=1e-4)
    at_mean, far = (head["mean"] + times * (embeddings - head["mean"]) for times in (0, 50))
    wanted, found = (softmax(ClassModelling(CLASSES).outputs(head, one.astype(np.float32))) for one in (at_mean, far))
    assert np.abs(wanted - found).max() < 0.1, "50 times as far out, the head is no more certain than at the mean"


def test_train_model__says_why_it_trains_nothing(tmp_path: Path) -> None:
    world = World(tmp_path, arguments=CycleArguments(training="skip"))

    summary = world.train()

    assert summary.skipped == "Not trained: this cycle was started with training `skip`."
    assert world.registry.status == {}
    assert world.decoder.decoded == 0


def test_train_model__depends_on_data_and_not_on_the_cycle(tmp_path: Path) -> None:
    world = World(tmp_path)
    first = world.train()
    world.cycle = an_open_cycle(
        world.store,
        "2026-11-22",
        CycleArguments(training="force"),
        training=TRAINING,
        backbone={"side_px": SIDE_PX},
    )
    build_dataset_version(world.store, world.cycle)

    second = world.train()

    assert second.candidate_sha256 == first.candidate_sha256


@pytest.mark.parametrize(
    "fit",
    [
        {"optimizer": "sgd", "schedule": "one_cycle", "loss": "focal", "balance_by": "oversampling", "accumulate_batches": 2},
        {"schedule": "step", "ema": 0.9, "label_smoothing": 0.1, "balance_by": "effective_number", "precision": "bfloat16"},
    ],
)
def test_train_model__separates_bolts_from_nuts_by_other_fits(tmp_path: Path, fit: dict[str, object]) -> None:
    usual, world = World(tmp_path), World(tmp_path, fit=fit)

    summary = world.train()

    assert summary.val_score == 1.0
    assert summary.candidate_sha256 != usual.train().candidate_sha256
    told = world.registry.params
    assert {name: told[f"fit.{name}"] for name in fit} == fit


def test_train_model__freezes_the_first_layers_of_an_unfrozen_backbone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "is_proven_better", lambda *given: True)  # The few layers that are left gain too little.
    fit = {"freeze_until": "filters.bias"}
    world = World(tmp_path, unfreeze_epochs=3, learning_rate=0.03, fit=fit)

    candidate = world.candidate(world.train())

    before = TinyNetwork().state_dict()
    assert np.array_equal(candidate.backbone_weights["filters.weight"], before["filters.weight"].numpy())
    assert not np.array_equal(candidate.backbone_weights["filters.bias"], before["filters.bias"].numpy())


def test_train_model__names_the_layers_if_none_is_called_so(tmp_path: Path) -> None:
    world = World(tmp_path, unfreeze_epochs=3, fit={"freeze_until": "blocks.7"})

    with pytest.raises(SettingsError, match=r"training.fit.freeze_until: found blocks.7; .* Use one of: filters"):
        world.train()


FIRST = (
    *("optimizer", "momentum", "schedule", "warm_up_steps", "loss", "focal_gamma", "label_smoothing", "balance_by"),
    *("effective_number_beta", "ema", "accumulate_batches", "clip_gradient", "precision", "processes", "freeze_until"),
    "backbone_rate_ratio",
)
"""Settings of the first release that had any of a fit."""


def test_training_digest__is_that_of_earlier_releases_unless_there_is_another_fit(tmp_path: Path) -> None:
    usual, same, other = (World(tmp_path, **one) for one in ({}, {"fit": {"optimizer": "adamw"}}, {"fit": {"ema": 0.9}}))
    training = usual.cycle.project.training.model_dump()
    earlier = training.pop("fit") | {"ema": 0.9}
    earlier = {name: earlier[name] for name in FIRST}

    digests = [
        training_digest(VersionImages(one.store, one.cycle, one.decoder, "d" * 64, one.cycle.cycle_id), "v" * 64, 5)
        for one in (usual, same, other)
    ]

    assert digests[0] == digest_of({"dataset_id": "d" * 64, "settings": training, "version": 5, "views": "v" * 64})
    assert digests[1] == digests[0]
    assert digests[2] == digest_of(
        {"dataset_id": "d" * 64, "settings": training | {"fit": earlier}, "version": 5, "views": "v" * 64}
    )


def test_train_model__names_code_packages_and_machine_in_summary_and_trackers(tmp_path: Path) -> None:
    usual, world = World(tmp_path), World(tmp_path)
    origin = RunOrigin("c" * 40, "e" * 64, "a processor", 4, "a gpu")

    summary = world.train(origin=origin)

    assert summary.origin == origin
    assert summary.candidate_sha256 == usual.train().candidate_sha256, "nothing of it is in the candidate"
    wanted = {"nightlens.code": "c" * 40, "nightlens.environment": "e" * 64, "nightlens.processor": "a processor"}
    wanted |= {"nightlens.cores": "4", "nightlens.gpu": "a gpu", "nightlens.dataset_id": str(summary.dataset_id)}
    assert wanted.items() <= world.registry.tags.items()
    assert (wanted | {"seed": world.registry.params["seed"]}).items() <= world.log.settings.items()
    mirrored = mirrored_model(world.store, world.cycle.cycle_id, "m" * 64, "parts")
    assert wanted.items() <= mirrored.tags.items(), "a run that is made again names the same"


def test_train_model__refuses_a_gpu_where_there_is_none_before_it_reads_an_image(tmp_path: Path) -> None:
    world = World(tmp_path, fit={"accelerator": "gpu"})

    with pytest.raises(SettingsError, match=r"training.fit.accelerator: found gpu, but torch sees none"):
        world.train()

    assert world.decoder.decoded == 0


def test_mirrored_model__names_the_settings_that_a_search_found(tmp_path: Path) -> None:
    world = World(tmp_path)
    found = ChooseSettingsSummary(None, is_found=True, settings={"learning_rate": 0.07, "fit.ema": 0.9})
    world.store.finish(world.cycle.cycle_id, "choose_settings", found)
    world.train()

    mirrored = mirrored_model(world.store, world.cycle.cycle_id, "m" * 64, "parts")

    assert (mirrored.params["learning_rate"], mirrored.params["fit.ema"]) == (0.07, 0.9)
    assert mirrored.params.items() <= world.registry.params.items(), "a run that is made again names the same"
