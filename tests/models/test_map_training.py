"""Tests of the training of a head on feature maps: repeatable, resumable, and learning."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from kinds.boxes.test_detector import MODELLING, SHAPES
from torch import nn

from pipeline_tasks.geometry.placement import whole_image
from pipeline_tasks.kinds.boxes.modelling import BoxModelling, PlacedBoxes
from pipeline_tasks.kinds.map_modelling import MapTraining, Shapes
from pipeline_tasks.models.fitting import Fitted
from pipeline_tasks.models.journal import Journal, Metrics
from pipeline_tasks.models.map_training import MapExamples, train_maps

HOW = MapTraining(0, 4, 4, 8, 5e-3, 0.02, 3, 0.5)


def examples(count: int, seed: int) -> MapExamples:
    """Images with one bolt or nut each; the maps are bright where it is, each class in a channel of its own."""
    drawn, maps, targets = np.random.default_rng(seed), [], []
    for _ in range(count):
        x, y = (int(place) for place in drawn.integers(0, 32, 2))
        number = int(drawn.integers(2))
        box = np.array([[x, y, x + 32.0, y + 32.0]])
        levels = []
        for one in SHAPES:
            level = drawn.normal(0, 0.1, (one.channels, one.height, one.width))
            cells = [slice(int(start) // one.stride, (int(start) + 32) // one.stride + 1) for start in (y, x)]
            level[number, cells[0], cells[1]] += 1
            levels.append(level.ravel())
        maps.append(np.concatenate(levels))
        targets.append(MODELLING.placed(PlacedBoxes(box, np.array([number])), whole_image(64, 64, 64), SHAPES))
    return MapExamples(np.stack(maps).astype(np.float16), np.stack(targets))


TRAIN, VAL = examples(32, 1), examples(12, 2)


def trained(folder: Path, journal: Journal | None = None, seed: int = 3) -> Fitted:
    return train_maps(TRAIN, VAL, SHAPES, MODELLING, HOW, seed=seed, journal=journal or Journal(), folder=folder)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    return trained(tmp_path_factory.mktemp("maps"))


def test_train_maps__learns_where_the_boxes_are(undisturbed: Fitted) -> None:
    assert undisturbed.history[-1]["val_loss"] < undisturbed.history[0]["val_loss"] * 0.8
    assert undisturbed.best["val_ap"] == max(one["val_ap"] for one in undisturbed.history)


def test_train_maps__gives_other_weights_for_another_seed(undisturbed: Fitted, tmp_path: Path) -> None:
    wanted, other = undisturbed.network.state_dict(), trained(tmp_path, seed=4).network.state_dict()

    assert not np.array_equal(wanted["classes.weight"].numpy(), other["classes.weight"].numpy())


def test_train_maps__learns_nothing_of_images_whose_share_is_0(undisturbed: Fitted, tmp_path: Path) -> None:
    is_nut = [(one[:, 0] == 1).any() for one in TRAIN.targets]
    how = replace(HOW, shares=tuple(0.0 if one else 1.0 for one in is_nut))

    found = train_maps(TRAIN, VAL, SHAPES, MODELLING, how, seed=3, journal=Journal(), folder=tmp_path).network

    maps = VAL.batch(0, list(range(len(VAL))))[0]
    usual, alone = (network(maps)[..., :2].sigmoid().amax(dim=(0, 1)) for network in (undisturbed.network, found))
    assert alone[1] < 0.5 * usual[1], "nuts were never shown"
    assert alone[0] > 0.5 * usual[0]


def test_train_maps__resumed_after_a_kill_gives_the_same_weights(undisturbed: Fitted, tmp_path: Path) -> None:
    kept: list[bytes] = []

    def killed(phase: str, epoch: int, metrics: Metrics) -> None:
        if epoch == 2:
            raise KeyboardInterrupt

    journal = Journal(keep_checkpoint=lambda phase, done, content: kept.append(content), tell_epoch=killed)
    with pytest.raises(BaseException):  # noqa: B017, PT011 - Lightning turns it into an exit
        trained(tmp_path, journal)

    found = trained(tmp_path, Journal(newest_checkpoint=lambda phase: kept[-1]))

    assert found.resumed_from_epoch == 2
    assert found.history == undisturbed.history
    for name, values in undisturbed.network.state_dict().items():
        assert np.array_equal(values.numpy(), found.network.state_dict()[name].numpy()), name


class Dropping(BoxModelling):
    """Detectors whose training drops values of the maps."""

    def new_head(self, shapes: Shapes) -> nn.Module:
        return nn.Sequential(nn.Dropout(0.2), super().new_head(shapes))


def test_train_maps__resumed_after_a_kill_drops_the_same_values(tmp_path: Path) -> None:
    some, how, kept = MapExamples(TRAIN.maps[:8], TRAIN.targets[:8]), replace(HOW, epochs=3), list[bytes]()

    def fit(journal: Journal) -> Fitted:
        return train_maps(some, some, SHAPES, Dropping(MODELLING.class_names), how, seed=3, journal=journal, folder=tmp_path)

    undisturbed = fit(Journal(keep_checkpoint=lambda phase, done, content: kept.append(content)))
    torch.rand(7)
    found = fit(Journal(newest_checkpoint=lambda phase: kept[0]))

    assert (found.resumed_from_epoch, len(kept)) == (1, 2)
    assert found.history == undisturbed.history


def test_train_maps__starts_over_if_the_checkpoint_is_of_another_network(undisturbed: Fitted, tmp_path: Path) -> None:
    kept: list[bytes] = []
    three = replace(MODELLING, class_names=("bolt", "nut", "gear"))
    journal = Journal(keep_checkpoint=lambda phase, done, content: kept.append(content))
    train_maps(TRAIN, VAL, SHAPES, three, HOW, seed=3, journal=journal, folder=tmp_path)

    found = trained(tmp_path, Journal(newest_checkpoint=lambda phase: kept[-1]))

    assert found.resumed_from_epoch is None
    assert found.history == undisturbed.history
