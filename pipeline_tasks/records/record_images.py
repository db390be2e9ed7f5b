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
    files_overwritten: int = 0
    """Known files that hold another image than before."""
    files_written_again: int = 0
    """Known files whose version changed and whose image did not: written again, or put back."""
    files_renamed: int = 0
    """Files with the image of one that is missing since this cycle."""
    captured_at_known: int = 0
    """Sightings with a time of capture."""
    exif_troubles: dict[str, int] = field(default_factory=dict)
    """`field: reason` → files whose EXIF data has a field that cannot be used, for that reason."""
    synthetic: int = 0
    """Sightings in sources of rendered or generated images."""
    embedded_again: int = 0
    """Images of earlier cycles that were embedded by another backbone than before."""
