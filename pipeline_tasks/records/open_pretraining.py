"""Record of the stage `open_pretraining`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class OpenPretrainingSummary:
    """The frozen plan of a pretraining; its other settings are in the frozen settings."""

    stage: ClassVar[str] = "open_pretraining"

    cycle_id: str
    method: str
    epochs: int
    seed: int
