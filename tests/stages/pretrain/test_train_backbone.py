"""Tests of the training in the store: it goes on after any stop to the same bytes, and reads no image that judges models."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from given import STARTED_AT
from given_models import SIDE_PX
from given_pretraining_cycle import CYCLE, SPLITS, Pretraining

from pipeline_tasks.backbones.backbone import open_backbone
from pipeline_tasks.backbones.small_cnn import SmallCnn
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.records.cycle import CycleOpening
from pipeline_tasks.settings import BackboneSettings
from pipeline_tasks.stages.pretrain.choose_pretraining_images import choose_pretraining_images
from pipeline_tasks.stages.pretrain.open_pretraining import open_pretraining
from pipeline_tasks.storage.history.cycles import read_cycle
from pipeline_tasks.storage.objects import fail_points, layout
from pipeline_tasks.tables.pretraining_image import PretrainingImage

pytestmark = pytest.mark.slow


class Stopped(BaseException):
    """End of a process, as far as the store can tell."""


@contextmanager
def stopping_at(point: str) -> Iterator[None]:
    """End the work where it reaches this point of the store."""

    def on_reach(reached: str) -> None:
        if reached == point:
            raise Stopped

    fail_points.listen(on_reach)
    try:
        yield
    finally:
        fail_points.listen(None)


def test_train_backbone__stopped_before_and_after_each_write_goes_on_to_the_same_weights(
    tmp_path: Path, undisturbed: Pretraining
) -> None:
    pretraining = Pretraining(tmp_path)
    pretraining.choose()
    resumed = []
    for point in ("checkpoint.put.before", "checkpoint.put.after", "checkpoint.put.after", "ledger.append.before"):
        with pytest.raises(Stopped), stopping_at(point):
            pretraining.train()
        pretraining = Pretraining(tmp_path, objects=pretraining.store.objects)
        resumed.append(len([key for key in pretraining.store.objects.list(layout.checkpoint(CYCLE, "")) if key.endswith(".ckpt")]))
    found, wanted = pretraining.train(), undisturbed.train()
    assert resumed == [0, 1, 2, 2]
    assert found.resumed_from_epoch == 2
    assert found.candidate_sha256 == wanted.candidate_sha256
    assert found.losses == wanted.losses
    assert not [key for key in pretraining.store.objects.list(layout.checkpoint(CYCLE, "")) if key.endswith(".ckpt")]


def test_train_backbone__never_reads_a_test_or_validation_image(tmp_path: Path, undisturbed: Pretraining) -> None:
    pretraining = Pretraining(tmp_path)
    assert pretraining.poison_judging_images() == 2 * sum(split != "train" for split in SPLITS.values())
    assert pretraining.whole() == undisturbed.probe()


def test_train_backbone__another_seed_gives_other_weights_and_another_method_too(tmp_path: Path, undisturbed: Pretraining) -> None:
    distilled = Pretraining(tmp_path / "distilled", method="distillation", teacher={"name": "small_cnn"})
    found = distilled.whole(teacher=open_backbone(BackboneSettings(name="small_cnn", side_px=SIDE_PX), tmp_path / "teacher"))
    assert found.pretrained != undisturbed.probe().pretrained
    assert distilled.train().teacher_digest == distilled.backbone.digest
    assert Pretraining(tmp_path / "dino", method="dino").whole().pretrained not in (
        found.pretrained,
        undisturbed.probe().pretrained,
    )


def test_train_backbone__of_one_that_is_no_torch_network_is_refused_with_the_reason(tmp_path: Path) -> None:
    pretraining = Pretraining(tmp_path)
    pretraining.choose()
    pretraining.backbone = Frozen(SIDE_PX, tmp_path)
    with pytest.raises(SettingsError, match="small_cnn cannot be pretrained: its torch network has no weights that can be trained"):
        pretraining.train()
    pretraining.backbone = Own()  # type: ignore[assignment]
    with pytest.raises(SettingsError, match="small_cnn cannot be pretrained: it is no exported torch network"):
        pretraining.train()


class Frozen(SmallCnn):
    """A network without weights to train."""

    def load_network(self):  # type: ignore[no-untyped-def]
        return super().load_network().requires_grad_(False)


class Own:
    """A backbone of one's own that is no torch network."""

    side_px, digest = SIDE_PX, "d" * 64


def test_train_backbone__never_reads_an_image_that_was_erased_before_or_after_the_choice(tmp_path: Path) -> None:
    pretraining = Pretraining(tmp_path)
    pretraining.choose()
    chosen = pretraining.store.read(PretrainingImage, CYCLE).filter("is_trained")["image_id"].to_list()
    pretraining.erase(chosen[0])
    pretraining = Pretraining(tmp_path, objects=pretraining.store.objects)
    assert pretraining.train().images == len(chosen) - 1
    later = choose_images_again(pretraining)
    assert chosen[0] not in later
    assert set(chosen[1:]) <= set(later)


def choose_images_again(pretraining: Pretraining) -> list[str]:
    """Images that a pretraining trains on that is opened now."""
    opening = CycleOpening(pretraining.cycle.project, "2026-11-21T140000", "by hand", STARTED_AT, "test")
    open_pretraining(pretraining.store, opening)
    choose_pretraining_images(pretraining.store, read_cycle(pretraining.store, opening.cycle_id))
    return pretraining.store.read(PretrainingImage, opening.cycle_id).filter("is_trained")["image_id"].to_list()
