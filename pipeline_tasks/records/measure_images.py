"""Record of the stage `measure_images`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class MeasureImagesSummary:
    """Outcome of one shard's files."""

    stage: ClassVar[str] = "measure_images"

    shard: int
    files: int
    measured: int
    """Images seen for the first time."""
    already_known: int
    """Files with the bytes of an image from an earlier cycle or an earlier file."""
    rejected: int
    embedded_again: int = 0
    """Images of earlier cycles that had no embedding by the project's backbone of today."""
