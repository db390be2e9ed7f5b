"""A folder that gets its name when all of it is written, so that a killed command leaves nothing that looks whole.

Until then it is `<name>.unfinished` beside it, locked by the process that writes it. The next run of the same command deletes
the remains of a killed one.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline_tasks.errors import SettingsError, StorageError

_ENDING, _MARK = ".unfinished", "UNFINISHED.txt"
_SAYS = b"This export is not finished. The same command deletes it and begins again.\n"


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Yield a new folder to write into; it becomes `folder` at the end of the block, and is deleted if the block fails.

    Raises:
        SettingsError: `folder` exists and holds something, another process writes it, or what lies beside it is no export's.
        StorageError: something else took the name meanwhile.
    """
    folder = folder.absolute()
    _check_free(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = folder.with_name(folder.name + _ENDING)
    with _locked(part):
        _begin(part)
        is_written = False
        try:
            yield part
            is_written = True
        finally:
            # Also after an interruption by the keyboard nothing half-written stays.
            if not is_written:
                shutil.rmtree(part, ignore_errors=True)
        (part / _MARK).unlink()
        try:
            part.rename(folder)
        except OSError as error:
            raise StorageError(f"{folder}: wanted to give the finished export in {part} this name: {error}") from error


def _check_free(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise SettingsError(f"{folder}: wanted a new folder, found a file or a link; choose another one")
    standing = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
    if standing:
        raise SettingsError(
            f"{folder}: wanted a new or empty folder, found {len(standing)} entries, the first {standing[0]!r}; choose another one"
        )


@contextmanager
def _locked(part: Path) -> Iterator[None]:
    """Hold the folder, which is made if it is not there."""
    if part.is_symlink():
        raise SettingsError(f"{part}: wanted a folder of an unfinished export, or none, found a link; delete it")
    part.mkdir(exist_ok=True)
    held = os.open(part, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SettingsError(f"{part}: another export writes it; wait for its end, or choose another folder") from None
        if not part.is_dir() or not os.path.samestat(os.fstat(held), part.stat()):
            raise SettingsError(f"{part}: another export ended it just now; look at its folder, or choose another one")
        yield
    finally:
        os.close(held)


def _begin(part: Path) -> None:
    """Empty what a killed export has left, and mark the folder."""
    standing = sorted(path.name for path in part.iterdir())
    if standing and _MARK not in standing:
        raise SettingsError(f"{part}: wanted an unfinished export, found other files ({standing[0]!r}); delete or move them")
    for path in part.iterdir():
        if path.name != _MARK:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    (part / _MARK).write_bytes(_SAYS)
