"""Tests of fits that two processes share: the same as in one, resumable, and none is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from models.trainings_of_kinds import BOXES, SHAPES, TRAININGS, Result, box_objects, maps_of
from torch import Tensor, nn

from pipeline_tasks.errors import ModelError
from pipeline_tasks.models.fitting import fit
from pipeline_tasks.models.journal import Journal, Metrics
from pipeline_tasks.models.map_training import MapExamples
from pipeline_tasks.models.plan import Plan
from pipeline_tasks.models.process_share import Share
from pipeline_tasks.settings.fit import FitSettings

pytestmark = pytest.mark.slow
TWO = FitSettings(processes=2)


def trained(name: str, folder: Path, fit: FitSettings, journal: Journal | None = None) -> Result:
    return TRAININGS[name].run(journal or Journal(), folder, fit)


def assert_alike(found: Result, wanted: Result) -> None:
    for name, value in wanted.best.items():
        assert found.best[name] == pytest.approx(value, abs=1e-3), name
    for name, values in wanted.weights.items():
        assert np.allclose(found.weights[name], values, atol=1e-3), name


def maps_that_show(objects: Sequence[Any]) -> MapExamples:
    """Maps from which boxes can be learnt: inside a box, that of its class is 1, and two others say where in it a cell lies."""
    drawn, rows = np.random.default_rng(len(objects)), []
    for one in objects:
        maps = [drawn.normal(0, 0.05, (shape.channels, shape.height, shape.width)) for shape in SHAPES]
        for found, shape in zip(maps, SHAPES, strict=True):
            y, x = ((np.arange(length) + 0.5) * shape.stride for length in (shape.height, shape.width))
            for (left, top, right, bottom), number in zip(one.corners, one.class_numbers, strict=True):
                down, along = (y[:, None] - top) / (bottom - top), (x[None] - left) / (right - left)
                is_inside = (down >= 0) & (down < 1) & (along >= 0) & (along < 1)
                found[number] += is_inside
                found[2] += is_inside * down
                found[3] += is_inside * along
        rows.append(np.concatenate([one.ravel() for one in maps]))
    return MapExamples(np.array(rows, np.float16), maps_of(BOXES, objects).targets)


class InDouble(nn.Module):
    """A head that computes in double precision."""

    def __init__(self, head: nn.Module) -> None:
        super().__init__()
        self.head = head.double()

    def forward(self, rows: Tensor) -> Tensor:
        found: Tensor = self.head(rows.double())
        return found


def boxes_found(
    folder: Path, processes: int, epochs: int, rate: float, precision: type[nn.Module] = nn.Sequential
) -> list[Metrics]:
    """Metrics of each epoch of a training by AdamW, on maps that show boxes."""
    settings = FitSettings(processes=processes)
    plan = Plan("test", epochs, None, rate, 0.02, 3, 100, 4, 1, warm_up_steps=3, averaging=0.5, fit=settings)
    torch.manual_seed(3)
    network, objective = precision(BOXES.new_head(SHAPES)), BOXES.objective(SHAPES)
    train, val = (maps_that_show(box_objects(count)) for count in (14, 10))
    return fit(network, train, val, objective, plan, Journal(), folder / str(processes)).history


def assert_metrics_agree(found: list[Metrics], wanted: list[Metrics]) -> None:
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        assert one == pytest.approx(other, abs=1e-3)


def test_fit__of_two_processes_gives_the_metrics_of_one_by_adamw_on_boxes_that_can_be_learnt(tmp_path: Path) -> None:
    one, two = (boxes_found(tmp_path, count, 3, 5e-3) for count in (1, 2))

    assert_metrics_agree(two, one)


def test_fit__of_two_processes_stays_that_of_one_over_many_steps_where_nothing_is_rounded(tmp_path: Path) -> None:
    # In single precision, steps this long make a difference of rounding a hundred times as large each few epochs.
    one, two = (boxes_found(tmp_path, count, 8, 1e-2, InDouble) for count in (1, 2))

    assert_metrics_agree(two, one)
    assert one[-1]["val_ap"] > 0.4, "boxes were learnt"


@pytest.mark.parametrize(
    ("name", "optimizer"), [("class, with its backbone", "adamw"), ("box", "sgd"), ("mask", "sgd"), ("mask, a U-Net", "sgd")]
)
def test_fit__of_two_processes_gives_the_metrics_and_weights_of_one(tmp_path: Path, name: str, optimizer: str) -> None:
    # AdamW's first steps are as long for a gradient of rounding alone; on maps of noise two trainings of it part.
    one, two = (FitSettings.model_validate({"optimizer": optimizer, "processes": count}) for count in (1, 2))

    assert_alike(trained(name, tmp_path / "two", two), trained(name, tmp_path / "one", one))


def test_fit__of_two_processes_accumulates_averages_and_draws_as_one_does(tmp_path: Path) -> None:
    settings = {"accumulate_batches": 2, "ema": 0.5, "balance_by": "oversampling", "clip_gradient": 0.5, "optimizer": "sgd"}
    one, two = (FitSettings.model_validate(settings | {"processes": count}) for count in (1, 2))

    name = "class, with its backbone"
    assert_alike(trained(name, tmp_path / "two", two), trained(name, tmp_path / "one", one))


def test_fit__of_two_processes_resumes_after_a_kill_to_the_same_bytes(tmp_path: Path) -> None:
    kept: list[bytes] = []
    journal = Journal(keep_checkpoint=lambda phase, done, content: kept.append(content))
    wanted = trained("box", tmp_path, TWO, journal)

    def killed(phase: str, epoch: int, metrics: Metrics) -> None:
        if epoch == 1:
            raise KeyboardInterrupt

    with pytest.raises(BaseException):  # noqa: B017, PT011 - Lightning turns it into an exit
        trained("box", tmp_path, TWO, Journal(tell_epoch=killed))
    found = trained("box", tmp_path, TWO, Journal(newest_checkpoint=lambda phase: kept[0]))

    assert (wanted.resumed_from_epoch, found.resumed_from_epoch, len(kept)) == (None, 1, 2)
    assert found.best == wanted.best
    for name, values in wanted.weights.items():
        assert np.array_equal(found.weights[name], values), name


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8])
def test_share__parts_of_a_batch_are_the_batch(size: int) -> None:
    numbers = list(range(size))
    parts = [Share(one, 3).part(numbers) for one in range(3)]

    assert [one for part in parts for one in part] == numbers * (3 if size < 3 else 1)
    assert all(parts)


class Squares:
    """The mean square of the outputs is the loss."""

    module: nn.Module = nn.Module()

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return outputs.square().mean()

    def metrics(self, outputs: Tensor, targets: Tensor) -> Metrics:
        return {"val_loss": outputs.square().mean().item(), "val_scaled_loss": 0.0}


class Ones:
    """Examples that are 1 each."""

    def __len__(self) -> int:
        return 8

    def batch(self, epoch: int, numbers: list[int]) -> tuple[Tensor, Tensor]:
        return torch.ones(len(numbers), 1), torch.zeros(len(numbers))


class FailingElsewhere(Ones):
    """Examples that the second process cannot read."""

    def batch(self, epoch: int, numbers: list[int]) -> tuple[Tensor, Tensor]:
        if torch.distributed.get_rank() == 1 and epoch == 1:
            raise OSError("the disk of the second process is full")
        return super().batch(epoch, numbers)


def fit_ones(folder: Path, examples: Ones, network: nn.Module | None = None, journal: Journal | None = None) -> Any:
    plan = Plan("test", 3, None, 0.1, 0.0, 1, 1, 4, 1, fit=TWO)
    return fit(network or nn.Linear(1, 1), examples, Ones(), Squares(), plan, journal or Journal(), folder)


def test_fit__says_why_another_process_ended(tmp_path: Path) -> None:
    with pytest.raises(ChildProcessError, match=r"(?s)process 1 failed: .*the disk of the second process is full"):
        fit_ones(tmp_path, FailingElsewhere())

    assert not torch.distributed.is_initialized()
    assert not list(tmp_path.glob("processes-*")), "its scratch files are gone"


def test_fit__says_what_cannot_be_sent_to_other_processes(tmp_path: Path) -> None:
    network = nn.Linear(1, 1)
    network.way = lambda values: values

    with pytest.raises(ModelError, match=r"training.fit.processes: found 2, but a part .* Use 1"):
        fit_ones(tmp_path, Ones(), network)


def test_fit__leaves_no_process_behind_when_it_is_killed(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    code = "import sys; from models.test_fit_processes import wait_in_a_fit; wait_in_a_fit(sys.argv[1])"
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], env=environment, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        children = [int(one) for one in parent.stdout.readline().split()]
        parent.kill()

    assert parent.returncode == -signal.SIGKILL
    assert len(children) == 1
    while is_running(children[0]):
        pass


def wait_in_a_fit(folder: str) -> None:
    """Fit until the first epoch ends, say which processes help, and wait to be killed."""

    def tell(phase: str, epoch: int, metrics: Metrics) -> None:
        sys.stdout.write(Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text() + "\n")
        sys.stdout.flush()
        signal.pause()

    fit_ones(Path(folder), Ones(), journal=Journal(tell_epoch=tell))


def is_running(process: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return False
