"""Tests of views that mix training images: of which images, with which targets, in a night's training and in folds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from given_models import SPLITS, World

from pipeline_tasks.augmentations.mixing import Partners
from pipeline_tasks.augmentations.policy import policy_of
from pipeline_tasks.models.folds import rows_of, shows_nothing_of
from pipeline_tasks.models.head_training import EmbeddedImages, Mixed, joined
from pipeline_tasks.settings import AugmentationSettings
from pipeline_tasks.training_data.embedding_training import EmbeddingTraining
from pipeline_tasks.training_data.mixed_views import MixedViews
from pipeline_tasks.training_data.version_images import VersionImages

MIXUP = {"mixup": {"probability": 1.0, "strength": 1.0}}
ALL_GROUPS = np.arange(3)


def views_of(*groups: int) -> MixedViews:
    """Images that are 0, 100 and 200 all over."""
    policy = policy_of({"mixup": AugmentationSettings(strength=1.0, probability=0.5)}, ())
    ids = [f"image {number}" for number in range(len(groups))]
    return MixedViews(policy, ids, Partners(np.array(groups)), 1, lambda one: np.full((2, 2, 3), 100 * int(one[-1]), np.uint8))


def test_mixed_views__are_those_of_their_seed_and_between_both_images() -> None:
    views = views_of(0, 1, 2)

    found = [(row, one) for row in range(3) for one in views.of(row, 20)]

    assert 15 <= len(found) <= 45
    for row, one in found:
        assert one.other != row
        assert 0 <= one.share <= 0.5
        wanted = (1 - one.share) * 100 * row + one.share * 100 * one.other
        assert np.abs(one.pixels - wanted).max() <= 0.5
    again = [(one.number, one.other, one.share) for one in views_of(0, 1, 2).of(1, 20)]
    assert again == [(one.number, one.other, one.share) for row, one in found if row == 1]


def test_mixed_views__are_none_among_images_that_show_the_same() -> None:
    assert views_of(4, 4).of(0, 20) == []


def three_images_and_a_mix() -> EmbeddedImages:
    """Three images of as many groups, and a view of the first one into which the second is mixed."""
    rows = np.array([[0.0], [1.0], [2.0], [0.4]], np.float32)
    mixed = Mixed(np.array([0, 1, 0, 1]), np.array([0, 1, 2, 1]), np.array([0, 0, 0, 0.4]))
    return EmbeddedImages(rows, np.array([0, 1, 0, 0]), np.array([0, 1, 2, 0]), 3, mixed)


def test_folds__learn_from_no_view_that_shows_a_held_out_image() -> None:
    images = three_images_and_a_mix()
    left = {group: shows_nothing_of(images, np.array([0, 1, 2, 0]) == group).tolist() for group in ALL_GROUPS.tolist()}

    assert left == {0: [False, True, True, False], 1: [True, False, True, False], 2: [True, True, False, True]}


def test_rows_of_and_joined__keep_what_is_mixed_with_its_row() -> None:
    images, val = three_images_and_a_mix(), EmbeddedImages(np.zeros((1, 1), np.float32), np.array([1]), np.array([9]))

    kept, both = rows_of(images, np.array([True, False, False, True])), joined(images, val)

    assert kept.mixed is not None
    assert both.mixed is not None
    assert kept.mixed.shares.tolist() == [0, 0.4]
    assert both.mixed.shares.tolist() == [0, 0, 0, 0, 0.4]
    assert both.mixed.groups.tolist() == [0, 1, 2, 9, 1]
    assert both.mixed.targets.tolist() == [0, 1, 0, 1, 1]


def training_of(world: World) -> EmbeddingTraining:
    images = VersionImages(world.store, world.cycle, world.decoder, "d" * 64, world.cycle.cycle_id)
    modelling: Any = images.kind.modelling
    return EmbeddingTraining(images, modelling, world.backbone)


@pytest.mark.slow
def test_material__mixes_training_images_alone_and_stores_no_mixed_view(tmp_path: Path) -> None:
    world = World(tmp_path, augmentation=MIXUP)
    training = training_of(world)

    train = training.material().train
    stored = {key: world.store.objects.read(key).content for key in world.store.objects.list(f"derived/{training.view_recipe}/")}

    assert train.mixed is not None
    assert (train.mixed.shares[:18] == 0).all()
    assert (train.mixed.shares[18:] > 0).all()
    assert set(train.mixed.groups.tolist()) <= set((train.groups if train.groups is not None else ALL_GROUPS)[:18].tolist())
    assert sum(split == "train" for split in SPLITS.values()) * 2 == 18
    unmixed = World(tmp_path, augmentation={"blur": {"probability": 0}})
    other = training_of(unmixed)
    other.material()
    assert other.view_recipe == training.view_recipe
    assert len(stored) == 18
    assert stored == {key: unmixed.store.objects.read(key).content for key in stored}
    assert other.recipe != training.recipe


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mixup", "cutmix"])
@pytest.mark.parametrize("unfreeze_epochs", [0, 2])
def test_train_model__separates_bolts_from_nuts_by_mixed_views_alike_each_time(
    tmp_path: Path, name: str, unfreeze_epochs: int
) -> None:
    training: dict[str, Any] = {"augmentation": {"random_crop": {}, name: {}}, "unfreeze_epochs": unfreeze_epochs}
    usual, world, again = World(tmp_path), World(tmp_path, **training), World(tmp_path, **training)

    summary = world.train()

    assert summary.val_score == 1.0
    assert summary.candidate_sha256 != usual.train().candidate_sha256
    assert summary.candidate_sha256 == again.train().candidate_sha256
