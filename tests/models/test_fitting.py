"""Tests of a fit's settings on a network of one weight: each step is its learning rate times the gradient."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.models.epoch_order import EpochOrder, InGroups
from pipeline_tasks.models.fitting import Fitted, fit, fit_quickly
from pipeline_tasks.models.freezing import frozen_until
from pipeline_tasks.models.journal import Journal
from pipeline_tasks.models.plan import Plan
from pipeline_tasks.models.whole_network import WholeNetwork
from pipeline_tasks.settings.fit import FitSettings

pytestmark = pytest.mark.slow

RATE = 0.1


class Numbers:
    """Examples that are a number each, and have no target."""

    def __init__(self, *numbers: float) -> None:
        self.numbers = torch.tensor(numbers, dtype=torch.float32)[:, None]

    def __len__(self) -> int:
        return len(self.numbers)

    def batch(self, epoch: int, numbers: list[int]) -> tuple[Tensor, Tensor]:
        return self.numbers[numbers], torch.zeros(len(numbers))


class MeanOutput:
    """The mean output is the loss, so that the gradient is the mean example."""

    module: nn.Module = nn.Module()

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return outputs.mean()

    def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        return {"val_output": outputs.mean().item()}


def one_weight() -> nn.Linear:
    network = nn.Linear(1, 1, bias=False)
    nn.init.ones_(network.weight)
    return network


def plan(epochs: int = 3, batch_size: int = 8, averaging: float | None = None, **settings: Any) -> Plan:
    usual = {"optimizer": "sgd", "momentum": 0, "schedule": "constant"}
    fit_settings = FitSettings.model_validate(usual | settings)
    return Plan("test", epochs, None, RATE, 0.0, 1, 100, batch_size, 1, averaging=averaging, fit=fit_settings)


def fitted(folder: Path, how: Plan, *examples: float, network: nn.Module | None = None) -> Fitted:
    return fit(network or one_weight(), Numbers(*(examples or (1.0,))), Numbers(1.0), MeanOutput(), how, Journal(), folder)


def weights(folder: Path, how: Plan, *examples: float) -> list[float]:
    """The weight after each epoch, as it gives 1 its output."""
    return [one["val_output"] for one in fitted(folder, how, *examples).history]


def factors(folder: Path, how: Plan) -> list[float]:
    """The learning rate of each epoch of one step, relative to the plan's."""
    return [-float(one) / RATE for one in np.diff([1.0, *weights(folder, how)])]


def reference(settings: Plan, examples: Tensor, targets: Tensor, objective: Any, network: nn.Module) -> nn.Module:
    """The fit of all earlier releases, in torch alone: AdamW, and a cosine from epoch to epoch."""
    optimizer = torch.optim.AdamW(network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay)
    for epoch in range(settings.max_epochs):
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * 0.5 * (1 + math.cos(math.pi * epoch / (settings.max_epochs + 1)))
        order = torch.randperm(len(examples), generator=torch.Generator().manual_seed((settings.seed << 20) + epoch))
        for numbers in order.split(settings.batch_size):
            optimizer.zero_grad()
            objective.loss(network(examples[numbers]), targets[numbers]).backward()
            optimizer.step()
    return network


def test_fit__without_settings_gives_the_bytes_of_earlier_releases(tmp_path: Path) -> None:
    usual = Plan("test", 4, None, 3e-3, 1e-2, 1, 100, 4, 1)
    numbers = Numbers(*np.random.default_rng(0).normal(0, 1, 10))

    with torch.random.fork_rng():
        torch.set_num_threads(1)
        wanted = reference(usual, numbers.numbers, torch.zeros(10), MeanOutput(), one_weight())
    found = fit(one_weight(), numbers, numbers, MeanOutput(), usual, Journal(), tmp_path).network
    quick = fit_quickly(one_weight(), numbers, MeanOutput(), usual)

    assert torch.equal(found.weight, wanted.weight)
    assert torch.equal(quick.weight, wanted.weight)


def test_sgd__steps_by_the_rate_times_the_gradient(tmp_path: Path) -> None:
    assert weights(tmp_path, plan()) == pytest.approx([0.9, 0.8, 0.7])


def test_sgd__with_momentum_goes_further(tmp_path: Path) -> None:
    # Nesterov: the velocity is 1, then 1.5; a step is gradient + half the velocity.
    assert factors(tmp_path, plan(2, momentum=0.5)) == pytest.approx([1.5, 1.75])


@pytest.mark.parametrize("optimizer", ["adamw", "adam", "rmsprop"])
def test_optimizers__that_scale_their_steps_take_the_same_for_a_gradient_10_times_as_large(tmp_path: Path, optimizer: str) -> None:
    small, large = (weights(tmp_path, plan(optimizer=optimizer), one) for one in (1.0, 10.0))

    assert small == pytest.approx(large, abs=1e-5)
    assert small[0] < 1


@pytest.mark.parametrize(
    ("schedule", "epochs", "wanted"),
    [
        ("constant", 3, [1, 1, 1]),
        ("linear", 3, [1, 0.75, 0.5]),
        ("step", 6, [1, 1, 0.1, 0.1, 0.01, 0.01]),
        ("cosine", 2, [1, 0.75]),
        ("one_cycle", 4, [0.04, 1, 0.853553, 0.5]),
    ],
)
def test_schedule__gives_each_step_its_rate(tmp_path: Path, schedule: str, epochs: int, wanted: list[float]) -> None:
    assert factors(tmp_path, plan(epochs, schedule=schedule)) == pytest.approx(wanted, abs=1e-5)


def test_warm_up_steps__rise_before_the_course(tmp_path: Path) -> None:
    assert factors(tmp_path, plan(5, warm_up_steps=3)) == pytest.approx([0.25, 0.5, 0.75, 1, 1], abs=1e-5)


def test_accumulate_batches__steps_by_the_mean_of_the_batches(tmp_path: Path) -> None:
    assert weights(tmp_path, plan(1, batch_size=1, accumulate_batches=3), 1, 3, 5) == pytest.approx([0.7])


def test_accumulate_batches__lets_a_short_last_group_count_in_full(tmp_path: Path) -> None:
    # Three batches make two steps, the second of one batch.
    assert weights(tmp_path, plan(2, batch_size=1, accumulate_batches=2), 1, 1, 1) == pytest.approx([0.8, 0.6])


def test_accumulate_batches__counts_a_short_last_batch_by_its_images(tmp_path: Path) -> None:
    # Batches of two and one image, whichever they are.
    assert weights(tmp_path, plan(1, batch_size=2, accumulate_batches=2), 1, 3, 5) == pytest.approx([0.7])


def test_clip_gradient__limits_a_step(tmp_path: Path) -> None:
    assert factors(
        tmp_path,
        plan(1, clip_gradient=2),
    ) == pytest.approx([1])
    assert weights(tmp_path, plan(1, clip_gradient=2), 10.0) == pytest.approx([0.8], abs=1e-5)


def test_ema__keeps_the_average_of_the_weights(tmp_path: Path) -> None:
    # 0.9, then half of it and half of 0.8.
    found = fitted(tmp_path, plan(2, ema=0.5))

    assert [one["val_output"] for one in found.history] == pytest.approx([0.9, 0.85])
    assert found.network.weight.item() == pytest.approx(0.85)


def test_ema__of_0_leaves_out_the_average_of_a_label_kind(tmp_path: Path) -> None:
    assert weights(tmp_path, plan(2, averaging=0.5)) == pytest.approx([0.9, 0.85])
    assert weights(tmp_path, plan(2, averaging=0.5, ema=0)) == pytest.approx([0.9, 0.8])


def test_ema__is_taken_once_a_step_and_not_once_a_batch(tmp_path: Path) -> None:
    # One step of two batches: 0.9; then 0.8, and the mean of both.
    assert weights(tmp_path, plan(2, batch_size=1, accumulate_batches=2, ema=0.5), 1, 1) == pytest.approx([0.9, 0.85])


def test_precision__of_bfloat16_rounds_outputs_and_not_the_weights(tmp_path: Path) -> None:
    found = fitted(tmp_path, plan(1, precision="bfloat16"))

    assert found.network.weight.item() == pytest.approx(0.9, abs=1e-6)
    assert found.best["val_output"] == torch.tensor(0.9).bfloat16().item() == 0.8984375


def test_backbone_rate_ratio__slows_the_backbone_alone(tmp_path: Path) -> None:
    network = WholeNetwork(one_weight(), one_weight())

    fitted(tmp_path, plan(1, backbone_rate_ratio=0.1), network=network)

    assert (network.head.weight.item(), network.backbone.weight.item()) == pytest.approx((0.9, 0.99))


def test_freeze_until__keeps_the_weights_of_the_layers_before_it(tmp_path: Path) -> None:
    backbone = nn.Sequential(one_weight(), one_weight(), one_weight())
    network = WholeNetwork(backbone, one_weight())

    with frozen_until(backbone, "1"):
        fitted(tmp_path, plan(1), network=network)

    assert [one.item() < 1 for one in network.parameters()] == [False, True, True, True]
    assert all(one.requires_grad for one in network.parameters()), "afterwards nothing is frozen"


def test_freeze_until__names_the_layers_that_there_are() -> None:
    network = nn.Sequential(one_weight(), one_weight())

    with (
        pytest.raises(SettingsError, match=r"freeze_until: found blocks\.7; .* Use one of: 0, 1"),
        frozen_until(network, "blocks.7"),
    ):
        pass


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"optimizer": "rmsprop", "momentum": 0.5},
        {"schedule": "one_cycle"},
        {"schedule": "cosine"},
        {"accumulate_batches": 2},
        {"clip_gradient": 0.5},
        {"ema": 0.5},
        {"precision": "bfloat16"},
        {"balance_by": "oversampling"},
    ],
    ids=str,
)
def test_fit_quickly__takes_the_same_steps_as_fit(tmp_path: Path, settings: dict[str, Any]) -> None:
    how = plan(3, batch_size=2, **settings)
    if "balance_by" in settings:
        how = Plan(**vars(how) | {"groups": (0, 0, 0, 1, 1)})
    examples = (1.0, -2.0, 3.0, 0.5, 1.5)

    found, quick = fitted(tmp_path, how, *examples).network, fit_quickly(one_weight(), Numbers(*examples), MeanOutput(), how)

    assert torch.equal(found.weight, quick.weight)
    assert quick.weight.item() != 1


GROUPS = (0, 0, 0, 0, 0, 1, 1)


def drawn(epoch: int, *, is_largest: bool, seed: int = 1) -> list[int]:
    order = EpochOrder(len(GROUPS), 3, seed, in_groups=InGroups(GROUPS, is_largest=is_largest))
    order.set_epoch(epoch)
    batches = [numbers for _, numbers in order]
    assert len(batches) == len(order)
    return [one for numbers in batches for one in numbers]


def test_oversampling__draws_each_group_as_often_as_the_largest_and_leaves_nothing_out() -> None:
    numbers = drawn(0, is_largest=True)

    assert sorted(numbers)[:5] == [0, 1, 2, 3, 4]
    assert sorted(numbers.count(one) for one in (5, 6)) == [2, 3]
    assert numbers != sorted(numbers)


def test_undersampling__draws_others_of_the_large_group_in_each_epoch() -> None:
    epochs = [drawn(epoch, is_largest=False) for epoch in range(20)]

    assert all(sorted(one)[2:] == [5, 6] for one in epochs)
    assert all(len(set(one)) == 4 for one in epochs)
    assert {number for one in epochs for number in one} == set(range(7))


@pytest.mark.parametrize("is_largest", [True, False])
def test_draws__depend_on_seed_and_epoch_alone(is_largest: bool) -> None:
    assert drawn(3, is_largest=is_largest) == drawn(3, is_largest=is_largest)
    assert drawn(3, is_largest=is_largest) != drawn(4, is_largest=is_largest)
    assert drawn(3, is_largest=is_largest) != drawn(3, is_largest=is_largest, seed=2)
