"""Record of the stage `list_new_images`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class ListNewImagesSummary:
    """Number of files in the sources, and of new ones."""

    stage: ClassVar[str] = "list_new_images"

    files_seen: int
    files_new: int
    files_unsettled: int
    """Files that changed too recently and are left for the next cycle."""
    shards: int
    """Number of mapped measuring tasks for the new files."""
