"""Record of the stage `probe_backbone`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class ProbeBackboneSummary:
    """Gain of a pretraining on labelled images that it had not seen."""

    stage: ClassVar[str] = "probe_backbone"

    why: str
    """Sentence on the gain, or on why nothing was compared, with what to do to use the weights."""
    pretrained: str | None = None
    """The name that `backbone.pretrained` takes."""
    is_gain: bool = False
    """True if the interval of the gain lies above 0."""
    images: int = 0
    groups: int = 0
    fitted_images: int = 0
    """Labelled images beside them that every linear model has."""
    before: float | None = None
    """Share of images with a right name by the embeddings of the backbone that it began from."""
    after: float | None = None
    gain: float | None = None
    gain_low: float | None = None
    gain_high: float | None = None
    """Bounds of the paired 95 % interval, over split groups."""
