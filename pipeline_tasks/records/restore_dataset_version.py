"""Record of the stage `restore_dataset_version`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class RestoreDatasetVersionSummary:
    """Dataset version that the next training uses."""

    stage: ClassVar[str] = "restore_dataset_version"

    dataset_id: str | None
    """None: the current labels again, as in any other night."""
    previous_dataset_id: str | None
    """What had been restored before."""
    why: str
    images: int = 0
