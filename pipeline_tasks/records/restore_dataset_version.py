"""Record of the stage `restore_dataset_version`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class RestoreDatasetVersionSummary:
    """Dataset version that the next training uses."""

    stage: ClassVar[str] = "restore_dataset_version"

    dataset_id: str | None
    """None if trainings use the current labels again."""
    previous_dataset_id: str | None
    """The previously restored version."""
    why: str
    images: int = 0
