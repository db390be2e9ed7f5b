"""Tests that a training of each family of backbones goes on after a kill to the same bytes, and freezes its first layers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from backbones.given_families import SIBLINGS
from models.killed_trainings import checkpoint_of, kill_trainings
from models.test_killed_trainings import assert_killed_goes_on
from models.trainings_of_families import TRAININGS, network_in

from pipeline_tasks.models.freezing import layers_of
from pipeline_tasks.models.journal import Journal
from pipeline_tasks.registries import BACKBONES
from pipeline_tasks.settings.fit import USUAL

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("killed")
    kill_trainings("models.trainings_of_families", folder)
    return folder


def test_trainings__are_of_all_families() -> None:
    pytest.importorskip("transformers", reason="no transformers: make install-transformers")
    assert set(TRAININGS) | set(SIBLINGS) == set(BACKBONES.names)


@pytest.mark.parametrize("name", TRAININGS)
def test_training__of_a_family_killed_by_a_signal_goes_on_to_the_same_bytes(killed: Path, tmp_path: Path, name: str) -> None:
    assert_killed_goes_on(checkpoint_of(killed, name), TRAININGS[name], tmp_path)


@pytest.mark.parametrize("name", TRAININGS)
def test_training__of_a_family_keeps_the_layers_before_freeze_until(tmp_path: Path, name: str) -> None:
    before = network_in(tmp_path / "before", name)
    layers = layers_of(before)
    middle = layers[len(layers) // 2]
    fit = USUAL.model_copy(update={"freeze_until": middle, "backbone_rate_ratio": 100.0})

    found = TRAININGS[name].run(Journal(), tmp_path / "training", fit)

    names = [one for one, _ in before.named_parameters()]
    first = next(at for at, one in enumerate(names) if one.startswith(f"{middle}."))
    weights = {one: values.numpy() for one, values in before.state_dict().items()}
    assert 0 < first < len(names)
    assert all(np.array_equal(found.weights[one], weights[one]) for one in names[:first]), "frozen"
    assert not all(np.array_equal(found.weights[one], weights[one]) for one in names[first:]), "trained"
