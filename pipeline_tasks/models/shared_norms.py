"""Batch normalisation over the parts of all processes; torch's own needs a GPU."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.distributed.nn.functional import all_reduce

from pipeline_tasks.models.process_share import Share


@contextmanager
def shared_norms(network: nn.Module, share: Share) -> Iterator[None]:
    """Let all batch normalisations of the network share their statistics; afterwards they are as before."""
    norms = [one for one in network.modules() if type(one) is nn.BatchNorm2d] if share.count > 1 else []
    for one in norms:
        one.__class__ = _SharedNorm
    try:
        yield
    finally:
        for one in norms:
            one.__class__ = nn.BatchNorm2d


class _SharedNorm(nn.BatchNorm2d):
    """Batch normalisation whose mean and variance in training are those of all processes."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Normalise N x C x H x W."""
        if not self.training:
            return super().forward(inputs)
        count = _over_all(inputs.new_tensor(inputs.numel() / inputs.shape[1]))
        mean = _over_all(inputs.sum((0, 2, 3))) / count
        moved = inputs - mean[None, :, None, None]
        variance = _over_all(moved.square().sum((0, 2, 3))) / count
        self._remember(mean.detach(), (variance * count / (count - 1)).detach())
        scale = self.weight * torch.rsqrt(variance + self.eps)
        return moved * scale[None, :, None, None] + self.bias[None, :, None, None]

    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        """Move the running statistics, as torch does."""
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked.add_(1)
        share = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(variance, share)


def _over_all(values: Tensor) -> Tensor:
    """Sum over all processes, whose gradient reaches each of them."""
    summed: Tensor = all_reduce(values)  # type: ignore[no-untyped-call]
    return summed
