"""Stamps of files: the times, size and number that a file system keeps of a file, and the version made of them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_VERSION = re.compile(r"(-?\d+)-(\d+)(?:-(-?\d+)-(\d+))?(?:~([0-9a-f]{8}))?")
_STEP_NS = 10_000_000
"""Times on such steps come from a coarse clock: 2 s (FAT), 1 s (HFS+, most FUSE and NFS 2) or 10 ms (exFAT)."""
COARSEST_STEP = timedelta(seconds=2)


@dataclass(frozen=True)
class FileStamp:
    """A file's modification time and size, which programs may set, and its change time and inode, which they may not.

    The last two are None in versions that Nightlens 0.1 recorded, and where a source compares by times only.
    """

    modified_ns: int
    size_bytes: int
    changed_ns: int | None = None
    inode: int | None = None
    content: str | None = None
    """Check sum of the bytes, where only they told the file from an earlier one of the same stamp."""

    @classmethod
    def of(cls, status: os.stat_result, *, has_change_time: bool = True) -> FileStamp:
        """The stamp of a file that was looked at."""
        if not has_change_time:
            return cls(status.st_mtime_ns, status.st_size)
        return cls(status.st_mtime_ns, status.st_size, status.st_ctime_ns, status.st_ino)

    @classmethod
    def parse(cls, version: str) -> FileStamp | None:
        """Read a version of a file; None if it is no stamp."""
        match = _VERSION.fullmatch(version)
        if match is None:
            return None
        modified, size, changed, inode, content = match.groups()
        stamp = cls(int(modified), int(size), content=content)
        return stamp if changed is None else replace(stamp, changed_ns=int(changed), inode=int(inode))

    @property
    def version(self) -> str:
        """The stamp as text: `object_version` of a file."""
        never_set = "" if self.changed_ns is None else f"-{self.changed_ns}-{self.inode}"
        return f"{self.modified_ns}-{self.size_bytes}{never_set}" + ("" if self.content is None else f"~{self.content}")

    def has_same_times(self, other: FileStamp) -> bool:
        """Return True if modification time and size are equal."""
        return (self.modified_ns, self.size_bytes) == (other.modified_ns, other.size_bytes)

    def shows_writes_after(self, look: datetime | None) -> bool:
        """Return True if the file would have another stamp, had it been written since a look that found this one.

        It would not where there is no change time, or one that only repeats the modification time on a coarse clock, as on FAT and
        exFAT; nor if it was last changed within the clock's step before the look.
        """
        if self.changed_ns is None:
            return False
        if self.changed_ns % _STEP_NS:
            return True
        changed_at = moment_of(self.changed_ns)
        return (
            self.changed_ns != self.modified_ns
            and look is not None
            and changed_at is not None
            and changed_at < look - COARSEST_STEP
        )

    def moments(self) -> list[datetime]:
        """Modification and change time, as far as they can be held."""
        found = (moment_of(self.modified_ns), None if self.changed_ns is None else moment_of(self.changed_ns))
        return [moment for moment in found if moment is not None]


def moment_of(nanoseconds: float) -> datetime | None:
    """A time from its distance to 1970; None if it cannot be held: outside the years 1 to 9999, or no number."""
    try:
        return _EPOCH + timedelta(microseconds=nanoseconds // 1000)
    except (OverflowError, ValueError):
        return None


def held(moment: object) -> datetime | None:
    """A time for tables, in UTC if it has no zone; None for other values of a source, such as NaN."""
    if not isinstance(moment, datetime) or moment != moment:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone.utc)
