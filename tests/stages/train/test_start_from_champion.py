"""Tests of trainings that start from the champion's weights: chosen by rule, recorded, resumable, and without a leak."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from given import a_project, an_open_cycle
from given_models import SIDE_PX, SPLITS, TRAINING, RememberingRegistry, World, put_labelled_images

from pipeline_tasks.decoding.model_recipe import recipe_digest
from pipeline_tasks.errors import ServiceUnavailableError
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.models.candidate import Candidate
from pipeline_tasks.models.exported import ModelMarks
from pipeline_tasks.models.training import Outcome
from pipeline_tasks.models.warm_start import OfOld
from pipeline_tasks.records.build_dataset_version import BuildDatasetVersionSummary
from pipeline_tasks.records.cycle import CycleArguments
from pipeline_tasks.records.project_state import Champion
from pipeline_tasks.records.train_model import TrainModelSummary
from pipeline_tasks.records.training_start import TrainingStart
from pipeline_tasks.stages.train.build_dataset_version import build_dataset_version
from pipeline_tasks.storage.history.mirrored_models import mirrored_model
from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.training_data.starting_point import StartingPoint, Trained, record_of, starting_point
from pipeline_tasks.training_data.version_images import VersionImages

pytestmark = pytest.mark.slow

MORE = SPLITS | dict.fromkeys((12, 13), "train") | {14: "test"}
SETTINGS = {"unfreeze_epochs": 3, "learning_rate": 0.03, "fit": {"start_from": "auto"}}
MARKS = ModelMarks(kind_of(a_project()), "b" * 64, "r" * 64, SIDE_PX, "d" * 64)


def a_champion(folder: Path, **training: Any) -> tuple[World, TrainModelSummary]:
    """A project whose first night trained the champion, from scratch."""
    world = World(folder, **SETTINGS | training)
    summary = world.train()
    state = Champion("m" * 64, str(summary.dataset_id), world.cycle.cycle_id, "1")
    world.store.finish(world.cycle.cycle_id, "promote_model", CycleArguments(), sets=[state])
    return world, summary


def next_night(
    world: World, *, classes: tuple[str, ...] = ("bolt", "nut"), fails_at_epoch: int | None = None, **training: Any
) -> TrainModelSummary:
    """Train on more images; MLflow does not respond once, at this epoch."""
    settings = {"training": TRAINING | SETTINGS | training, "backbone": {"side_px": SIDE_PX}, "classes": list(classes)}
    world.cycle, world.registry = an_open_cycle(world.store, "2026-11-22", **settings), RememberingRegistry(fails_at_epoch)
    put_labelled_images(world.store, world.cycle, MORE)
    build_dataset_version(world.store, world.cycle)
    return world.train()


def test_training__starts_from_the_champion_and_says_so(tmp_path: Path) -> None:
    world, first = a_champion(tmp_path)

    second = next_night(world)

    assert first.start is not None
    assert (first.start.is_champion, first.start.why) == (False, "There is no champion yet.")
    assert first.is_unfrozen
    assert second.start is not None
    assert second.start.why == "It starts from the champion of cycle 2026-11-21, which had 18 training images; today there are 22."
    assert (second.start.is_champion, second.start.candidate_sha256) == (True, first.candidate_sha256)
    assert (second.start.trainings_since_scratch, second.start.fresh, second.start.old_images) == (1, [], 6)
    assert (second.start.old_score, second.start.score, second.start.warning) == (1.0, 1.0, "")
    tags = {"nightlens.start": "champion of cycle 2026-11-21", "nightlens.start_why": second.start.why}
    assert tags.items() <= world.registry.tags.items()
    assert tags.items() <= mirrored_model(world.store, "2026-11-22", "m" * 64, "parts").tags.items()


def test_training__that_starts_from_the_champion_is_another_one_than_from_scratch(tmp_path: Path) -> None:
    scratch = {"fit": {"start_from": "scratch"}}

    (warm, _), (cold, _) = a_champion(tmp_path / "warm"), a_champion(tmp_path / "cold", **scratch)
    found, usual = warm.candidate(next_night(warm)), cold.candidate(next_night(cold, **scratch))

    assert not np.array_equal(found.head["weight"], usual.head["weight"])


def test_training__from_the_champion_resumed_after_a_kill_gives_the_same_candidate(tmp_path: Path) -> None:
    (undisturbed, _), (killed, _) = a_champion(tmp_path / "undisturbed"), a_champion(tmp_path / "killed")
    wanted = next_night(undisturbed)
    with pytest.raises(ServiceUnavailableError):
        next_night(killed, fails_at_epoch=13)

    found = killed.train()

    assert found.resumed_from_epoch == 13
    assert found.candidate_sha256 == wanted.candidate_sha256
    assert found.start == wanted.start


def test_training__starts_a_new_name_fresh_and_keeps_the_frozen_backbone_if_that_is_better(tmp_path: Path) -> None:
    world, _ = a_champion(tmp_path)

    summary = next_night(world, classes=("washer", "bolt", "nut"))

    found = starting_point(images_of(world), network_of(world))
    assert found is not None
    assert (found.record.is_champion, found.record.fresh) == (True, ["washer"])
    assert (found.today, found.known) == (("bolt", "nut"), ("bolt", "nut"))
    assert summary.start is not None
    assert not summary.is_unfrozen, "no image shows a washer, which the head that began with zeros knows better"
    assert (summary.start.is_champion, summary.start.trainings_since_scratch) == (False, 0)
    assert "was no better than a head on the frozen backbone" in summary.start.why


def test_training__starts_from_scratch_if_the_champion_was_trained_on_an_image_of_test(tmp_path: Path) -> None:
    world, _ = a_champion(tmp_path)
    taught = world.store.read(DatasetImage, "2026-11-21")["image_id"].to_list()
    next_night(world)
    images = images_of(world)
    sticky = starting_point(images, network_of(world))
    images.test = images.train.filter(images.train["image_id"].is_in(taught)).head(2)

    found = starting_point(images, network_of(world))

    assert sticky is not None
    assert sticky.record.is_champion
    assert found is not None
    assert found.record.why.startswith("2 images of today's validation and test are among those, or like those, that the champion")
    assert (found.record.is_champion, found.candidate) == (False, None)


def images_of(world: World) -> VersionImages:
    """Images of the second night's version."""
    version = world.store.summary("2026-11-22", BuildDatasetVersionSummary)
    return VersionImages(world.store, world.cycle, world.decoder, str(version.dataset_id), str(version.dataset_cycle_id))


def network_of(world: World) -> Trained:
    """The network that it trains."""
    return Trained(world.backbone.digest, recipe_digest(SIDE_PX), moves_backbone=True)


def test_training__starts_from_scratch_with_other_settings_unless_a_person_wants_the_champion(tmp_path: Path) -> None:
    (auto, _), (wanted, _) = a_champion(tmp_path / "auto"), a_champion(tmp_path / "wanted")

    by_rule, by_person = next_night(auto, unfreeze_epochs=2), next_night(wanted, unfreeze_epochs=2, fit={"start_from": "champion"})

    assert by_rule.start is not None
    assert by_person.start is not None
    assert "settings of the training are others" in by_rule.start.why
    assert by_person.start.is_champion


def test_training__starts_from_scratch_if_the_champion_stands_on_the_frozen_backbone(tmp_path: Path) -> None:
    world, first = a_champion(tmp_path, unfreeze_epochs=0, fit={"start_from": "scratch"})

    summary = next_night(world)

    assert first.start is None
    assert summary.start is not None
    assert "stands on the frozen backbone, its head was fitted on validation images, too" in summary.start.why


@pytest.mark.parametrize(("after", "said"), [(0.9, ""), (0.84, "the score fell from 0.900 to 0.840, by more than gates.margin")])
def test_training__warns_if_it_forgot_what_the_champion_knew(after: float, said: str) -> None:
    point = StartingPoint(TrainingStart(is_champion=True, why="It starts from the champion."), Candidate(MARKS, {}))
    of_old = OfOld({"val_balanced_accuracy": 0.9}, {"val_balanced_accuracy": after}, 40)

    record = record_of(point, Outcome({}, 1.0, {}, 3, None, of_old=of_old), "balanced_accuracy", 0.05)

    assert (record.old_images, record.old_score, record.score) == (40, 0.9, after)
    assert said in record.warning
    assert bool(said) == bool(record.warning)
