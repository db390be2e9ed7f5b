"""Tests that a training of any label kind, killed in the middle of any phase, goes on to the same bytes."""

from __future__ import annotations

import signal
from pathlib import Path

import numpy as np
import pytest
from models.killed_trainings import checkpoint_of, kill_trainings
from models.trainings_of_kinds import TRAININGS, Given, Result

from pipeline_tasks.models.journal import Journal, Metrics
from pipeline_tasks.registries import KINDS
from pipeline_tasks.settings.fit import USUAL, FitSettings

pytestmark = pytest.mark.slow
UNTRAINED = {"text"}
"""Label kinds that train no model."""


class Told:
    """Metrics of the last epoch of each phase."""

    def __init__(self) -> None:
        self.last: dict[str, tuple[int, Metrics]] = {}

    def tell(self, phase: str, epoch: int, metrics: Metrics) -> None:
        self.last[phase] = (epoch, metrics)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the checkpoints that killed processes left, one process a training."""
    folder = tmp_path_factory.mktemp("killed")
    kill_trainings("models.trainings_of_kinds", folder)
    return folder


def test_trainings__are_of_all_label_kinds() -> None:
    assert {one.split(",")[0] for one in TRAININGS} | UNTRAINED == set(KINDS.names)


@pytest.mark.parametrize("name", TRAININGS)
def test_training__killed_by_a_signal_goes_on_to_the_same_bytes(killed: Path, tmp_path: Path, name: str) -> None:
    assert_killed_goes_on(checkpoint_of(killed, name), TRAININGS[name], tmp_path)


@pytest.mark.parametrize(
    "fit",
    [
        {"ema": 0.5, "accumulate_batches": 2, "balance_by": "oversampling"},
        {"optimizer": "sgd", "schedule": "one_cycle", "loss": "focal"},
    ],
)
def test_training__of_other_settings_goes_on_to_the_same_bytes(tmp_path: Path, fit: dict[str, object]) -> None:
    settings, kept = FitSettings.model_validate(fit), list[bytes]()
    training = TRAININGS["class"]

    def keep(phase: str, done: int, content: bytes) -> None:
        if phase == "head":
            kept.append(content)

    wanted = training.run(Journal(keep_checkpoint=keep), tmp_path / "undisturbed", settings)
    resumed = Journal(newest_checkpoint=lambda phase: kept[0] if phase == "head" else None)
    found = training.run(resumed, tmp_path / "resumed", settings)

    assert found.resumed_from_epoch == 5
    assert_same(found, wanted)


def assert_killed_goes_on(kept: Path, training: Given, folder: Path) -> None:
    """A training from the checkpoint that a kill left ends as one that nothing disturbed."""
    told = Told(), Told()
    resumed = Journal(lambda phase: kept.read_bytes() if phase == training.phase else None, tell_epoch=told[1].tell)

    wanted = training.run(Journal(tell_epoch=told[0].tell), folder / "undisturbed", USUAL)
    found = training.run(resumed, folder / "resumed", USUAL)

    assert kept.with_suffix(".status").read_text() == str(-signal.SIGKILL)
    assert_same(found, wanted)
    assert told[1].last == told[0].last
    if training.phase != "head_on_all":
        assert found.resumed_from_epoch, "it went on where the checkpoint ends"


def assert_same(found: Result, wanted: Result) -> None:
    assert found.best == wanted.best
    assert found.weights.keys() == wanted.weights.keys()
    for name, values in wanted.weights.items():
        assert np.array_equal(found.weights[name], values), name
