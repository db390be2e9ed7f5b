"""Incremental copy of a NIGHTLENS_HOME's files: copies what differs and deletes what is gone."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_OF_ONE_MACHINE = (
    "stack/logs",
    "stack/state.json",
    "stack/supervisor.lock",
    "stack/up.lock",
    "stack/ports.json",
    "postgres",
    "work",
    "s3",
)
"""Not copied: valid on one machine only, or part of the databases' own dumps."""


@dataclass(frozen=True)
class CopiedFiles:
    """Counts of a copy."""

    files: int
    copied: int
    deleted: int
    """Files deleted from the copy, as they are no longer in the source."""


def copy_home(source: Path, target: Path, without: Iterable[Path] = ()) -> CopiedFiles:
    """Make `target` equal to `source`, except for files of one machine and the folders in `without`.

    Services may run meanwhile: a file that disappears is left out, a file that changes is copied the next time.
    """
    left_out = {source / name for name in _OF_ONE_MACHINE} | {path.resolve() for path in without}
    names = {path.relative_to(source) for path in _files(source, left_out)}
    copied = sum(_copy(source / name, target / name) for name in sorted(names))
    gone = [path for path in _files(target, set()) if path.relative_to(target) not in names] if target.is_dir() else []
    for path in gone:
        path.unlink()
    return CopiedFiles(len(names), copied, len(gone))


def _files(folder: Path, left_out: set[Path]) -> Iterator[Path]:
    """All files and links below a folder, without sockets and other special files."""
    for path in sorted(folder.iterdir()):
        if path in left_out:
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _files(path, left_out)
        elif path.is_symlink() or path.is_file():
            yield path


def _copy(source: Path, target: Path) -> bool:
    """Copy one file under a temporary name, then move it into place; False if it was already up to date."""
    with contextlib.suppress(FileNotFoundError):
        if target.is_symlink() or target.exists():
            before, after = source.lstat(), target.lstat()
            if (before.st_size, before.st_mtime_ns, before.st_mode) == (after.st_size, after.st_mtime_ns, after.st_mode):
                return False
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = target.with_name(target.name + ".unfinished")
        unfinished.unlink(missing_ok=True)
        shutil.copy2(source, unfinished, follow_symlinks=False)
        os.replace(unfinished, target)
        return True
    return False
