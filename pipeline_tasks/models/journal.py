"""Journal of a training: callbacks for epochs and checkpoints."""

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
    """Callbacks of a training, which do nothing by default. A phase is `head`, `live` or `head_on_all`."""

    newest_checkpoint: Callable[[str], bytes | None] = _no_checkpoint
    """Reads: phase → last checkpoint of an earlier try."""
    keep_checkpoint: Callable[[str, int, bytes], None] = _keep_nothing
    """Stores a checkpoint: phase, epochs done, content."""
    tell_epoch: Callable[[str, int, Metrics], None] = _tell_nobody
    """Reports: phase, epoch from 0, metrics. A resumed training repeats the epochs after its checkpoint with the same metrics."""
