"""Record of the stage `list_new_images`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class ListNewImagesSummary:
    """Files that the sources held, and how many of them are new."""

    stage: ClassVar[str] = "list_new_images"

    files_seen: int
    files_new: int
    files_unsettled: int
    """Changed too recently: left for the next cycle."""
    shards: int
    """How many mapped measuring tasks share the new files."""
