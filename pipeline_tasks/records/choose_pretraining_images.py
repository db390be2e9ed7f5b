"""Record of the stage `choose_pretraining_images`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class ChoosePretrainingImagesSummary:
    """Numbers of images to train on and to compare on."""

    stage: ClassVar[str] = "choose_pretraining_images"

    trained_images: int
    probed_images: int
    """Labelled training images that are kept for the probe."""
    left_out: dict[str, int] = field(default_factory=dict)
    """Reason → number of images that are not trained on."""
    dataset_id: str | None = None
    dataset_cycle_id: str | None = None
    """Dataset version of the labels; None without one, and then nothing is compared."""
