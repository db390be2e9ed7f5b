"""What a training tells and asks while it runs: epochs to whoever listens, checkpoints to whoever keeps them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Metrics = dict[str, float]


def _no_checkpoint(phase: str) -> bytes | None:
    return None


def _keep_nothing(phase: str, epoch: int, content: bytes) -> None:
    return None


def _tell_nobody(phase: str, epoch: int, metrics: Metrics) -> None:
    return None


@dataclass(frozen=True)
class Journal:
    """The three doors out of a training; by default nobody stands behind them. A phase is `head`, `live` or `head_on_all`."""

    newest_checkpoint: Callable[[str], bytes | None] = _no_checkpoint
    """phase → what an earlier try of this training kept last."""
    keep_checkpoint: Callable[[str, int, bytes], None] = _keep_nothing
    """phase, epochs done, content."""
    tell_epoch: Callable[[str, int, Metrics], None] = _tell_nobody
    """phase, epoch from 0, metrics. A resumed training tells the epochs behind its checkpoint once more, with the same metrics."""
