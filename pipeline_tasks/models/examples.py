"""Protocol of the examples of a fit."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

Batch = tuple[Tensor, Tensor]


class Examples(Protocol):
    """Images in any form, with their targets."""

    def __len__(self) -> int:
        """Number of examples."""
        ...

    def batch(self, epoch: int, numbers: list[int]) -> Batch:
        """Examples with these numbers, as augmented for this epoch."""
        ...
