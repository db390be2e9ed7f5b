"""Share of one process in a fit that several processes do together: a part of each batch, and the outputs of all of them.

Each process computes the loss of the whole batch, from its own outputs and those of the others, and the gradient of its own part.
Their sum is the gradient of one process, whatever the loss weights, counts or normalises.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Share:
    """Number of a process, from 0, and the number of processes."""

    number: int = 0
    count: int = 1

    def is_split(self, size: int) -> bool:
        """Return True if a batch of this size is split; of smaller ones each process computes all."""
        return 1 < self.count <= size

    def part(self, numbers: list[int]) -> list[int]:
        """This process's part of a batch."""
        start, end = self.bounds(len(numbers))
        return numbers[start:end]

    def bounds(self, size: int) -> tuple[int, int]:
        """Start and end of this process's part of a batch of this size."""
        return self._all_bounds(size)[self.number]

    def whole(self, mine: Tensor, size: int) -> Tensor:
        """Rows of the whole batch of this size: those of this process as they are, others without a gradient."""
        if not self.is_split(size):
            return mine
        sizes = [end - start for start, end in self._all_bounds(size)]
        padded = mine.new_zeros((max(sizes), *mine.shape[1:]))
        padded[: len(mine)] = mine.detach()
        parts = [torch.empty_like(padded) for _ in sizes]
        torch.distributed.all_gather(parts, padded)
        return torch.cat([mine if at == self.number else parts[at][:rows] for at, rows in enumerate(sizes)])

    def scaled(self, loss: Tensor, size: int) -> Tensor:
        """The loss whose gradient, averaged over all processes, is that of the whole batch."""
        return loss * self.count if self.is_split(size) else loss

    def _all_bounds(self, size: int) -> list[tuple[int, int]]:
        """Start and end of each process's part."""
        if not self.is_split(size):
            return [(0, size)] * self.count
        return [(size * one // self.count, size * (one + 1) // self.count) for one in range(self.count)]


ALONE = Share()
"""The share of a process that fits alone."""
