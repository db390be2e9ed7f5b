"""Tests that a training of any label kind, killed in the middle of any phase, goes on to the same bytes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from models.killed_trainings import checkpoint_of
from models.trainings_of_kinds import TRAININGS, Result

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
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-m", "models.killed_trainings", str(folder)], env=environment, check=True, timeout=600)
    return folder


def test_trainings__are_of_all_label_kinds() -> None:
    assert {one.split(",")[0] for one in TRAININGS} | UNTRAINED == set(KINDS.names)


@pytest.mark.parametrize("name", TRAININGS)
def test_training__killed_by_a_signal_goes_on_to_the_same_bytes(killed: Path, tmp_path: Path, name: str) -> None:
    kept, told = checkpoint_of(killed, name), (Told(), Told())
    resumed = Journal(lambda phase: kept.read_bytes() if phase == TRAININGS[name].phase else None, tell_epoch=told[1].tell)

    wanted = TRAININGS[name].run(Journal(tell_epoch=told[0].tell), tmp_path / "undisturbed", USUAL)
    found = TRAININGS[name].run(resumed, tmp_path / "resumed", USUAL)

    assert (killed / f"{kept.stem}.status").read_text() == str(-signal.SIGKILL)
    assert_same(found, wanted)
    assert told[1].last == told[0].last
    if TRAININGS[name].phase != "head_on_all":
        assert found.resumed_from_epoch, "it went on where the checkpoint ends"


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


def assert_same(found: Result, wanted: Result) -> None:
    assert found.best == wanted.best
    assert found.weights.keys() == wanted.weights.keys()
    for name, values in wanted.weights.items():
        assert np.array_equal(found.weights[name], values), name
