"""Order of the examples of an epoch: from seed and epoch alone, so that a resumed fit goes on with the same batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.utils.data import Sampler

if TYPE_CHECKING:
    from pipeline_tasks.models.plan import Plan

Batches = tuple[int, list[int]]
"""Epoch, and numbers of the examples."""


@dataclass(frozen=True)
class InGroups:
    """As many draws of each group in an epoch."""

    groups: Sequence[int]
    """Group of each example."""
    is_largest: bool
    """True: as many as the largest group has, others more than once; False: as many as the smallest, others not all."""

    @property
    def drawn_of_each(self) -> int:
        """Draws of each group."""
        counts = torch.unique(torch.tensor(self.groups), return_counts=True)[1]
        return int(counts.max() if self.is_largest else counts.min())

    @property
    def size(self) -> int:
        """Draws of an epoch."""
        return self.drawn_of_each * len(set(self.groups))

    def drawn(self, generator: torch.Generator) -> Tensor:
        """Numbers of an epoch's examples; none is drawn again before all others of its group were."""
        groups, each = torch.tensor(self.groups), self.drawn_of_each
        parts = []
        for group in torch.unique(groups):
            members = (groups == group).nonzero()[:, 0]
            rounds = [members[torch.randperm(len(members), generator=generator)] for _ in range(-(-each // len(members)))]
            parts.append(torch.cat(rounds)[:each])
        numbers = torch.cat(parts)
        return numbers[torch.randperm(len(numbers), generator=generator)]


class EpochOrder(Sampler[Batches]):
    """Batches in an order that depends only on seed and epoch; without a seed, in the original order.

    With shares, as many examples are drawn in an epoch, some of them more than once.
    """

    def __init__(
        self,
        count: int,
        batch_size: int,
        seed: int | None,
        shares: Sequence[float] | None = None,
        in_groups: InGroups | None = None,
    ) -> None:
        """Order so many examples."""
        self.count, self.batch_size, self.seed, self.shares = count, batch_size, seed, shares
        self.in_groups, self.size = in_groups, count if in_groups is None else in_groups.size
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch; Lightning calls this before each epoch, also after resuming."""
        self.epoch = epoch

    def examples_of(self, number: int) -> int:
        """Number of examples in a batch of the epoch."""
        return min(self.batch_size, self.size - number * self.batch_size)

    def __len__(self) -> int:
        """Number of batches in an epoch."""
        return -(-self.size // self.batch_size)

    def __iter__(self) -> Iterator[Batches]:
        """Batches of the epoch."""
        numbers = list(range(self.count))
        if self.seed is not None:
            generator = torch.Generator().manual_seed((self.seed << 20) + self.epoch)
            numbers = self._drawn(generator).tolist()
        for start in range(0, self.size, self.batch_size):
            yield self.epoch, numbers[start : start + self.batch_size]

    def _drawn(self, generator: torch.Generator) -> Tensor:
        """Numbers of one epoch's examples, in order."""
        if self.in_groups is not None:
            return self.in_groups.drawn(generator)
        if self.shares is None:
            return torch.randperm(self.count, generator=generator)
        return torch.multinomial(torch.tensor(self.shares, dtype=torch.float64), self.count, replacement=True, generator=generator)


def order_of(plan: Plan, count: int) -> EpochOrder:
    """The order of a plan's training examples."""
    in_groups = None if plan.groups is None else InGroups(plan.groups, is_largest=plan.fit.balance_by == "oversampling")
    return EpochOrder(count, plan.batch_size, plan.seed, plan.shares, in_groups)
