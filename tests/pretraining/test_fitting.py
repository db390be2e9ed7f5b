"""Tests of the fit: it learns, the same seed gives the same bytes, and a killed one goes on to the same bytes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import given_pretraining
import numpy as np
import pytest
import torch
from given_models import TinyNetwork
from given_pretraining import EPOCHS, METHODS, FolderJournal, a_method, bytes_of, pretrained, some_views
from torch import Tensor, nn

from pipeline_tasks.errors import ModelError, SettingsError
from pipeline_tasks.models.journal import Journal
from pipeline_tasks.pretraining.fitting import plan_of, pretrain
from pipeline_tasks.pretraining.methods import TEACHER_MOMENTUM, Dino, SimClr
from pipeline_tasks.pretraining.views import strong_policy
from pipeline_tasks.settings import AugmentationSettings

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", METHODS)
def test_pretrain__killed_in_an_epoch_goes_on_to_the_same_bytes(name: str, tmp_path: Path) -> None:
    wanted = pretrained(name, tmp_path / "undisturbed")
    arguments = json.dumps([name, str(tmp_path), 2])
    killed = subprocess.run([sys.executable, given_pretraining.__file__, arguments], check=False)
    assert killed.returncode == -signal.SIGKILL
    found = pretrained(name, tmp_path / "again", FolderJournal(tmp_path / "kept").journal)
    assert found.resumed_from_epoch == 2
    assert found.losses == wanted.losses
    assert bytes_of(found) == bytes_of(wanted)


@pytest.mark.parametrize("name", ["simclr", "distillation"])
def test_pretrain__learns(name: str, tmp_path: Path) -> None:
    losses = pretrained(name, tmp_path).losses
    assert len(losses) == EPOCHS
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("name", METHODS)
def test_pretrain__changes_the_backbone_and_differs_by_seed(name: str, tmp_path: Path) -> None:
    first, other = (bytes_of(pretrained(name, tmp_path / str(seed), seed=seed)) for seed in (0, 1))
    untrained = b"".join(values.numpy().tobytes() for _, values in sorted(TinyNetwork().state_dict().items()))
    assert untrained not in (first, other)
    assert first != other


def test_pretrain__that_ends_in_no_number_says_what_to_lower(tmp_path: Path) -> None:
    method = SimClr(Broken(), 32)
    plan = plan_of(epochs=1, batch_size=4, learning_rate=0.5, weight_decay=0, seed=0)
    with pytest.raises(ModelError, match=r"became nan in epoch 1; lower pretraining\.learning_rate, found 0\.5"):
        pretrain(method, some_views(2), plan, Journal(), tmp_path)


class Broken(nn.Module):
    """Embeddings that are no numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, images: Tensor) -> Tensor:
        return torch.full((len(images), 32), float("nan")) * self.weight


def test_dino__keeps_a_slow_copy_that_goes_a_hundredth_of_the_way() -> None:
    method = a_method("dino")
    assert isinstance(method, Dino)
    before = [one.clone() for one in method.teacher.parameters()]
    with torch.no_grad():
        for one in method.backbone.parameters():
            one.add_(1.0)
    method.after_step()
    moved = [(new - old).mean().item() for old, new in zip(before, method.teacher.parameters(), strict=True)]
    assert moved == pytest.approx([1 - TEACHER_MOMENTUM] * len(moved), abs=1e-6)
    assert not any(one.requires_grad for one in method.kept.parameters())


def test_method__leaves_statistics_of_a_batch_as_they_are() -> None:
    network = nn.Sequential(TinyNetwork(), nn.BatchNorm1d(32))
    method = SimClr(network, 32).train()
    method.loss(some_views(2).batch(0, [0, 1, 2])).backward()
    assert network[1].running_mean.abs().sum() == 0


def test_views__depend_on_seed_epoch_number_and_view_alone() -> None:
    views = some_views(2)
    first, second = views.batch(3, [5, 6])
    assert torch.equal(views.batch(3, [6])[0][0], first[1])
    assert not torch.equal(first[0], second[0])
    assert not torch.equal(views.batch(4, [5])[0][0], first[0])
    assert not np.array_equal(some_views(2, seed=1).batch(3, [5])[0][0], first[0])


def test_strong_policy__raises_strengths_half_way_and_adds_nothing() -> None:
    own = {"brightness_contrast": AugmentationSettings(strength=0.4), "horizontal_flip": AugmentationSettings()}
    steps = {step.name: step.strength for step in strong_policy(None, own, ()).steps}
    assert steps == pytest.approx({"brightness_contrast": 0.7, "horizontal_flip": 0.0})
    given = strong_policy({"blur": AugmentationSettings(strength=0.2)}, own, ())
    assert [(step.name, step.strength) for step in given.steps] == [("blur", 0.2)]


def test_strong_policy__shows_one_image_in_a_view() -> None:
    mixed = {"mixup": AugmentationSettings(), "blur": AugmentationSettings()}
    assert [step.name for step in strong_policy(None, mixed, ()).steps] == ["blur"]
    with pytest.raises(SettingsError, match=r"pretraining\.views: mixup mixes images"):
        strong_policy(mixed, None, ())


def test_strong_policy__of_nothing_says_that_equal_views_teach_nothing() -> None:
    with pytest.raises(SettingsError, match=r"pretraining.views: wanted at least one augmentation"):
        strong_policy(None, {}, ())
