"""Optimizer and course of the learning rate of a plan."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from pipeline_tasks.models.plan import Plan
from pipeline_tasks.models.whole_network import WholeNetwork

RISING_SHARE = 0.3
"""Share of `one_cycle` over which the learning rate rises."""
START_SHARE = 1 / 25
"""Learning rate at its start, relative to the highest (Smith & Topin, "Super-Convergence", 2018)."""
STEP_FACTOR = 0.1
STEPS = 3


def optimizer_of(network: nn.Module, plan: Plan) -> Optimizer:
    """The plan's optimizer over all weights that are not frozen; those of a backbone in a group with a rate of its own."""
    fit, weights, rate, decay = plan.fit, _weights(network, plan), plan.learning_rate, plan.weight_decay
    if fit.optimizer == "adam":
        return torch.optim.Adam(weights, lr=rate, weight_decay=decay)
    if fit.optimizer == "sgd":
        return torch.optim.SGD(weights, lr=rate, weight_decay=decay, momentum=fit.momentum, nesterov=fit.momentum > 0)
    if fit.optimizer == "rmsprop":
        return torch.optim.RMSprop(weights, lr=rate, weight_decay=decay, momentum=fit.momentum)
    return torch.optim.AdamW(weights, lr=rate, weight_decay=decay)


def schedule_of(optimizer: Optimizer, plan: Plan, steps_per_epoch: int) -> tuple[LambdaLR, str]:
    """The plan's course, and the interval of its steps: `epoch` or `step`."""
    warm_up = plan.warm_up_steps if plan.fit.warm_up_steps is None else plan.fit.warm_up_steps
    if plan.fit.schedule == "cosine" and plan.warm_up_steps is None and not warm_up:
        return LambdaLR(optimizer, partial(_cosine, plan.falls_over_epochs)), "epoch"
    steps = plan.falls_over_epochs * steps_per_epoch
    if plan.fit.schedule == "one_cycle":
        return LambdaLR(optimizer, partial(_one_cycle, steps)), "step"
    return LambdaLR(optimizer, partial(_after_warm_up, COURSES[plan.fit.schedule], warm_up or 0, steps)), "step"


def _weights(network: nn.Module, plan: Plan) -> Iterable[Any]:
    """Weights that are trained, in one group, or in one of the head and one of the backbone."""
    ratio = plan.fit.backbone_rate_ratio
    if ratio == 1 or not isinstance(network, WholeNetwork):
        return _trained(network)
    backbone = {"params": _trained(network.backbone), "lr": plan.learning_rate * ratio}
    return [{"params": _trained(network.head)}, backbone]


def _trained(network: nn.Module) -> list[nn.Parameter]:
    return [one for one in network.parameters() if one.requires_grad]


def _cosine(epochs: int, epoch: int) -> float:
    """Factor falling from 1 to almost 0 over the schedule."""
    return 0.5 * (1 + math.cos(math.pi * epoch / (epochs + 1)))


def _after_warm_up(course: Callable[[int, int], float], warm_up: int, steps: int, step: int) -> float:
    """Factor rising over the warm-up, then that of the course over the steps that are left."""
    return (step + 1) / (warm_up + 1) if step < warm_up else course(step - warm_up, steps - warm_up)


def _one_cycle(steps: int, step: int) -> float:
    """Factor rising from `START_SHARE` to 1, then falling to almost 0, both along half a cosine."""
    rising = max(round(RISING_SHARE * steps), 1)
    if step < rising:
        return START_SHARE + (1 - START_SHARE) * 0.5 * (1 - math.cos(math.pi * step / rising))
    return _falling(step - rising, steps - rising)


def _falling(step: int, steps: int) -> float:
    return 0.5 * (1 + math.cos(math.pi * step / max(steps + 1, 1)))


def _constant(step: int, steps: int) -> float:
    return 1.0


def _linear(step: int, steps: int) -> float:
    return max(1 - step / max(steps + 1, 1), 0.0)


def _in_steps(step: int, steps: int) -> float:
    return float(STEP_FACTOR ** min(STEPS * step // max(steps, 1), STEPS - 1))


COURSES: Mapping[str, Callable[[int, int], float]] = {
    "cosine": _falling,
    "constant": _constant,
    "linear": _linear,
    "step": _in_steps,
}
"""Factor of each schedule by steps done and steps in all."""
