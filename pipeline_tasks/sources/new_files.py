"""Number of new files in a source, without holding its listing: for a look that only asks if there are enough."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol, runtime_checkable

from pipeline_tasks.sources.known_files import recognize
from pipeline_tasks.sources.known_versions import KnownVersions
from pipeline_tasks.sources.listing import BATCH, RecordedVersions, batches
from pipeline_tasks.sources.source import FoundFile, Source

LOOKED_AT_ONCE = 1_000
"""Files between two comparisons: a page of a bucket, so that a look ends with the page on which it has found enough."""


@runtime_checkable
class Streams(Protocol):
    """A source whose `list_files` sorts, and so holds, all files; this yields them as they are found."""

    def stream_files(self) -> Iterator[FoundFile]:
        """Yield the files that `list_files` lists, in any order.

        Raises:
            ServiceError: the source is away, or may not be listed.
        """
        ...


def count_new_files(
    source: Source, known: KnownVersions, recorded: RecordedVersions, last_look: datetime | None, now: datetime, enough: int
) -> int:
    """Count files that no night has had in their present state and that are not being written; stops at `enough`.

    A time in the future proves nothing, so such a file counts; the night itself looks twice.

    Raises:
        ServiceError: the source is away, or may not be listed.
    """
    found = 0
    # A folder's new mount shows in many files only; a page of a bucket shows all that is asked.
    files, at_once = (source.stream_files(), BATCH) if isinstance(source, Streams) else (source.list_files(), LOOKED_AT_ONCE)
    for batch in batches(files, at_once):
        others = [file for file, is_known in zip(batch, known.have(batch).tolist(), strict=True) if not is_known]
        versions = recorded([file.key for file in others if file.stamp is not None])
        unknown = recognize(others, versions, last_look, known=len(batch) - len(others)).unknown
        found += sum(1 for file in unknown if _is_at_rest(source, file, now))
        if found >= enough:
            return enough
    return found


def _is_at_rest(source: Source, file: FoundFile, now: datetime) -> bool:
    return file.modified_at is None or file.modified_at > now or source.is_at_rest(file, now)
