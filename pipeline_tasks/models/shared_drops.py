"""Dropout over the parts of all processes: each draws for the whole batch, as one process would, and takes its own rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from pipeline_tasks.models.process_share import Share

OF_CHANNELS = (F.dropout2d, F.dropout3d)
"""Drop whole channels: one draw for each channel of each example."""


def shared_drops(share: Share, size: int) -> AbstractContextManager[object]:
    """Let networks drop what they would drop of the whole batch of this size."""
    return _Drops(share, size) if share.is_split(size) else nullcontext()


class _Drops(TorchFunctionMode):
    """Takes the place of torch's dropout within a block."""

    def __init__(self, share: Share, size: int) -> None:
        super().__init__()
        self._rows, self._size = slice(*share.bounds(size)), size

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, arguments: tuple[Any, ...] = (), named: Mapping[str, Any] | None = None
    ) -> Any:
        """Call any other function as it is."""
        if function is F.dropout or function in OF_CHANNELS:
            return self._dropped(function, *arguments, **(named or {}))
        return function(*arguments, **(named or {}))

    def _dropped(
        self, function: Callable[..., Tensor], values: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
    ) -> Tensor:
        if not training:
            return values
        one = (values.shape[1], *(1,) * (values.dim() - 2)) if function in OF_CHANNELS else tuple(values.shape[1:])
        return values * function(values.new_ones((self._size, *one)), p, True)[self._rows]
