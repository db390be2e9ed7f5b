"""Number of threads of torch within a block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def torch_threads(count: int | None) -> Iterator[None]:
    """Let torch use so many threads; None leaves its number. Restores it at the end."""
    standing = torch.get_num_threads()
    torch.set_num_threads(count or standing)
    try:
        yield
    finally:
        torch.set_num_threads(standing)
