"""The files of a NIGHTLENS_HOME into another folder and back: only what differs is copied, and what is gone goes there too."""

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
)
"""Means nothing elsewhere, or lies in the databases' own copies."""


@dataclass(frozen=True)
class CopiedFiles:
    """What was copied."""

    files: int
    copied: int
    deleted: int
    """In the copy: they are no longer in what it copies."""


def copy_home(source: Path, target: Path, without: Iterable[Path] = ()) -> CopiedFiles:
    """Make `target` what `source` is, but for what belongs to one machine and the folders in `without`.

    Copying runs beside services: a file that goes meanwhile is left out, one that changes meanwhile is copied the next time.
    """
    left_out = {source / name for name in _OF_ONE_MACHINE} | {path.resolve() for path in without}
    names = {path.relative_to(source) for path in _files(source, left_out)}
    copied = sum(_copy(source / name, target / name) for name in sorted(names))
    gone = [path for path in _files(target, set()) if path.relative_to(target) not in names] if target.is_dir() else []
    for path in gone:
        path.unlink()
    return CopiedFiles(len(names), copied, len(gone))


def _files(folder: Path, left_out: set[Path]) -> Iterator[Path]:
    """All files and links below a folder; sockets and the like are no files."""
    for path in sorted(folder.iterdir()):
        if path in left_out:
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _files(path, left_out)
        elif path.is_symlink() or path.is_file():
            yield path


def _copy(source: Path, target: Path) -> bool:
    """Copy one file under a name of its own, then put it in its place; whether it had to be."""
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
