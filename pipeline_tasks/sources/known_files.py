"""Recognize the files of a source that earlier cycles have handled, by their versions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline_tasks.sources.file_stamps import FileStamp, moment_of
from pipeline_tasks.sources.source import FoundFile

FEWEST_OF_A_MOUNT = 100
"""Minimum number of files, besides more than half of all, with only a new inode, that indicates a new mount of the folder."""


@dataclass(frozen=True)
class Recognized:
    """The files of one source, divided by what earlier cycles have recorded of them."""

    unknown: tuple[FoundFile, ...]
    """Files to read: new ones, changed ones, and those of `read_again`."""
    read_again: int = 0
    """Files to read whose name, size and modification time are known, but which were written or moved since."""
    renumbered: int = 0
    """Known files whose inode alone differs, as after a new mount."""
    unproven: tuple[FoundFile, ...] = ()
    """Known files, some of them renumbered, whose stamp would be the same after a write: only their bytes tell."""


def recognize(
    files: Sequence[FoundFile], recorded: Mapping[str, Collection[str]], last_look: datetime | None, known: int = 0
) -> Recognized:
    """Divide files by key → versions that earlier cycles have recorded; `known` counts further files that are known.

    A version without a change time was recorded by Nightlens 0.1: the file is known unless it has changed since the last look.
    """
    new: set[str] = set()
    rewritten: set[str] = set()
    renumbered: set[str] = set()
    for file in files:
        versions = recorded.get(file.key, ())
        if file.object_version in versions or _is_told_apart(file, versions):
            known += 1
        elif not (alike := _alike(file, versions)):
            new.add(file.key)
        elif _is_only_renumbered(file, alike):
            renumbered.add(file.key)
        elif _is_rewritten(file, alike, last_look):
            rewritten.add(file.key)
    is_new_mount = len(renumbered) > max(FEWEST_OF_A_MOUNT, known)
    if not is_new_mount:
        rewritten |= renumbered
    read = new | rewritten
    unknown = tuple(file for file in files if file.key in read)
    unproven = tuple(
        file for file in files if file.stamp is not None and file.key not in read and not file.stamp.shows_writes_after(last_look)
    )
    return Recognized(unknown, len(rewritten), len(renumbered) if is_new_mount else 0, unproven)


def _is_told_apart(file: FoundFile, versions: Collection[str]) -> bool:
    """Return True if a file of this very stamp was recorded with a check sum of its bytes."""
    return any(version.startswith(f"{file.object_version}~") for version in versions)


def _alike(file: FoundFile, versions: Collection[str]) -> list[FileStamp]:
    """Recorded stamps with the file's size and modification time."""
    stamp = file.stamp
    if stamp is None:
        return []
    return [one for version in versions if (one := FileStamp.parse(version)) is not None and one.has_same_times(stamp)]


def _is_only_renumbered(file: FoundFile, alike: Sequence[FileStamp]) -> bool:
    assert file.stamp is not None
    return file.stamp.changed_ns is not None and any(one.changed_ns == file.stamp.changed_ns for one in alike)


def _is_rewritten(file: FoundFile, alike: Sequence[FileStamp], last_look: datetime | None) -> bool:
    """Return True if the file's bytes may have changed though its size and modification time have not."""
    assert file.stamp is not None
    if file.stamp.changed_ns is None:
        return False
    if any(one.changed_ns is not None for one in alike):
        return True
    changed_at = moment_of(file.stamp.changed_ns)
    return last_look is not None and (changed_at is None or changed_at > last_look)
