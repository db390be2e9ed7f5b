"""Record of the stage `list_new_images`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class ListNewImagesSummary:
    """Number of files in the sources, of new ones, and of those left out or waiting."""

    stage: ClassVar[str] = "list_new_images"

    files_seen: int
    files_new: int
    files_unsettled: int
    """Files that may not be complete yet; they are left for the next cycle."""
    shards: int
    """Number of mapped measuring tasks for the new files."""
    waiting: dict[str, int] = field(default_factory=dict)
    """Reason → unsettled files; the table `waiting_files` names them."""
    files_left_out: dict[str, int] = field(default_factory=dict)
    """Reason → files that the sources left out, not among `files_seen`; the table `left_out_files` names the first ones."""
    folders_left_out: dict[str, int] = field(default_factory=dict)
    """Reason → folders that the sources did not look into."""
    files_read_again: int = 0
    """Those of the new files whose name, size and time are known, but which were written or moved since."""
    files_compared: int = 0
    """Known files whose bytes were compared, because their times would be the same after a write."""
    files_of_other_bytes: int = 0
    """Those of them that hold other bytes; they are among the new files."""
    files_not_compared: int = 0
    """Known files of that kind beyond the source's `check_again`; later cycles compare them."""
    files_renumbered: int = 0
    """Known files whose inode alone differs, as after a new mount."""
    files_missing: int = 0
    """Files of known images that this listing misses for the first time; the table `missing_files` names them."""
    files_back: int = 0
    """Files that were missing, and are listed again."""
    files_beyond: int = 0
    """New files beyond a source's `max_new_files`; the next cycles take them."""
    sources_away: dict[str, str] = field(default_factory=dict)
    """Source → why it was not listed; the others were."""
