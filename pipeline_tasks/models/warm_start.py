"""Weights of a champion in a new network, with new rows for names that it did not know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pipeline_tasks.kinds.modelling import Arrays, Objective
from pipeline_tasks.models.examples import Examples
from pipeline_tasks.models.journal import Metrics

BATCH_SIZE = 16


@dataclass(frozen=True)
class Start:
    """Weights to start from, and the validation images that tell whether the training forgets."""

    head: Arrays
    vocabulary: tuple[str, ...]
    """Names of the rows of the head, by today's names."""
    known: tuple[str, ...]
    """Names whose rows were trained."""
    backbone: Mapping[str, NDArray[np.generic]] = field(default_factory=dict)
    """Weights of the backbone; empty if it stays frozen."""
    old: tuple[int, ...] = ()
    """Numbers of the validation images that the champion's version had, too."""


@dataclass(frozen=True)
class OfOld:
    """Metrics of the validation images that the champion's version had, too: of the start, and of the kept epoch."""

    before: Metrics = field(default_factory=dict)
    after: Metrics = field(default_factory=dict)
    images: int = 0


NO_OLD = OfOld()
"""Of a training from scratch."""


def start_head(head: nn.Module, start: Start, names: Sequence[str]) -> None:
    """Put the weights that fit into a new head for these names; rows of unknown names stay as they are."""
    state, rows = head.state_dict(), _same_rows(start, names)
    for name, values in state.items():
        given = start.head.get(name)
        if given is None or given.shape[1:] != tuple(values.shape[1:]):
            # Such as the points of a kind with more of them than before.
            continue
        if _is_of_names(given, start.vocabulary) and _is_of_names(values, names) and start.known != tuple(names):
            for now, then in rows:
                values[now] = torch.from_numpy(np.asarray(given[then]))
        elif given.shape == tuple(values.shape):
            values.copy_(torch.from_numpy(np.array(given)))
    head.load_state_dict(state)


def start_backbone(backbone: nn.Module, start: Start) -> None:
    """Put the champion's weights into its backbone."""
    backbone.load_state_dict({name: torch.from_numpy(np.array(values)) for name, values in start.backbone.items()})


def metrics_on(network: nn.Module, examples: Examples, numbers: Sequence[int], objective: Objective) -> Metrics:
    """Metrics of a network on these examples, as an epoch's; empty without examples."""
    if not numbers:
        return {}
    is_training = network.training
    network.eval()
    parts = [examples.batch(0, list(numbers[at : at + BATCH_SIZE])) for at in range(0, len(numbers), BATCH_SIZE)]
    with torch.no_grad():
        outputs = torch.cat([network(inputs).float() for inputs, _ in parts])
    network.train(is_training)
    return objective.metrics(outputs, torch.cat([targets for _, targets in parts]))


def _is_of_names(values: NDArray[Any] | Tensor, names: Sequence[str]) -> bool:
    """Return True for weights with a row a name."""
    return values.ndim > 0 and values.shape[0] == len(names)


def _same_rows(start: Start, names: Sequence[str]) -> list[tuple[int, int]]:
    """Row of each known name in the new head, and in the champion's."""
    return [(now, start.vocabulary.index(one)) for now, one in enumerate(names) if one in start.known]
