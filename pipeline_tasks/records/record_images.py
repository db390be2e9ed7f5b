"""Record of the stage `record_images`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class RecordImagesSummary:
    """Images, sightings and rejected files that the cycle took in."""

    stage: ClassVar[str] = "record_images"

    files: int
    sightings: int
    images_new: int
    images_already_known: int
    """Images of earlier cycles that were seen again."""
    files_already_known: int
    """Sightings without a new image: of known images, or of one seen twice this night."""
    rejected: int
    rejected_by_reason: dict[str, int] = field(default_factory=dict)
