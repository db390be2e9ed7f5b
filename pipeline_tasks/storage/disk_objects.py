"""The six verbs on a folder: what is visible is complete and survives a power loss.

A new object is written to a temporary file, synced, linked to its name (a link never replaces), and its folder synced.
A root on disk serves one machine: replacing holds a lock file per key.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from pipeline_tasks.errors import AlreadyThereError, ChangedMeanwhileError, NotFoundError, StorageError
from pipeline_tasks.storage.fail_points import around
from pipeline_tasks.storage.objects import StoredObject

_TEMPORARY = ".temporary"
_LOCKS = ".locks"


class DiskObjects:
    """An object store in a folder."""

    def __init__(self, folder: Path) -> None:
        """Serve the objects below `folder`, which is made when the first one is written."""
        self._folder = folder
        self._lasting: set[Path] = set()
        """Folders whose names are known to be on the disk for good."""

    def __repr__(self) -> str:
        """Show the folder."""
        return f"DiskObjects({str(self._folder)!r})"

    def read(self, key: str) -> StoredObject:
        """Return the whole object with its etag (inode, modification time, size)."""
        try:
            with self._path(key).open("rb") as file:
                return StoredObject(file.read(), _etag(os.fstat(file.fileno())))
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            raise NotFoundError(f"{self._path(key)}: no such object") from error

    def read_range(self, key: str, start: int, length: int) -> bytes:
        """Return a part of the object."""
        try:
            with self._path(key).open("rb") as file:
                file.seek(start)
                return file.read(length)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            raise NotFoundError(f"{self._path(key)}: no such object") from error

    def write_new(self, key: str, content: bytes) -> str:
        """Link a synced file to a name that must be free."""
        path = self._path(key)
        if path.exists():
            raise self._already_there(path)
        with self._synced_file(content) as temporary:
            self._make_folder(path.parent)
            try:
                with around("disk.link"):
                    os.link(temporary, path)
            except FileExistsError as error:
                raise self._already_there(path) from error
            _sync_folder(path.parent)
            return _etag(path.stat())

    def replace(self, key: str, content: bytes, etag: str) -> str:
        """Put a synced file in the place of the one that carries `etag`."""
        path = self._path(key)
        with self._locked(key):
            if not path.is_file():
                raise NotFoundError(f"{path}: no such object")
            if _etag(path.stat()) != etag:
                raise ChangedMeanwhileError(f"{path}: was replaced by somebody else")
            with self._synced_file(content) as temporary:
                with around("disk.replace"):
                    os.replace(temporary, path)
                _sync_folder(path.parent)
                return _etag(path.stat())

    def sizes(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Yield keys and sizes, sorted; what is deleted meanwhile is left out."""
        for key in self.list(prefix):
            with suppress(FileNotFoundError):
                yield key, self._path(key).stat().st_size

    def temporary_files(self, before: datetime) -> list[tuple[str, int]]:
        """Names and sizes of files that no writer has written to since `before`: those of killed writers."""
        folder, found = self._folder / _TEMPORARY, []
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            with suppress(FileNotFoundError):
                status = path.stat()
                if status.st_mtime < before.timestamp():
                    found.append((path.name, status.st_size))
        return found

    def drop_temporary_file(self, name: str) -> None:
        """Unlink a killed writer's file; one that is gone is no error."""
        with around("disk.drop_left_over"):
            (self._folder / _TEMPORARY / Path(name).name).unlink(missing_ok=True)

    def list(self, prefix: str) -> Iterator[str]:
        """Yield the keys below a prefix, sorted; temporary and lock files are not objects."""
        start = self._folder / prefix.rpartition("/")[0]
        keys = (path.relative_to(self._folder).as_posix() for path in start.rglob("*") if path.is_file())
        hidden = (_TEMPORARY, _LOCKS)
        yield from sorted(key for key in keys if key.startswith(prefix) and key.split("/")[0] not in hidden)

    def delete(self, key: str) -> None:
        """Unlink the object's name."""
        path = self._path(key)
        with self._locked(key):
            with around("disk.delete"):
                path.unlink(missing_ok=True)
            if path.parent.is_dir():
                _sync_folder(path.parent)

    def _path(self, key: str) -> Path:
        parts = key.split("/")
        if not key or any(part in ("", ".", "..") for part in parts) or "\0" in key:
            raise StorageError(f"key: wanted parts joined by single slashes without '.' and '..', found {key!r}")
        return self._folder.joinpath(*parts)

    def _already_there(self, path: Path) -> AlreadyThereError:
        """What to raise; who linked the object may have been killed before syncing its name, and the caller builds on it."""
        self._make_folder(path.parent)
        _sync_folder(path.parent)
        return AlreadyThereError(f"{path}: an object is already there")

    @contextmanager
    def _synced_file(self, content: bytes) -> Iterator[Path]:
        """Hold a file with this content, on the disk for good, until the caller has linked it."""
        folder = self._folder / _TEMPORARY
        self._make_folder(folder)
        with around("disk.make_temporary"):
            handle, name = tempfile.mkstemp(dir=folder)
        try:
            with around("disk.write_temporary"), os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(name, 0o644)
            yield Path(name)
        finally:
            with around("disk.drop_temporary"):
                Path(name).unlink(missing_ok=True)

    @contextmanager
    def _locked(self, key: str) -> Iterator[None]:
        """Be the only one who replaces or deletes this key."""
        folder = self._folder / _LOCKS
        self._make_folder(folder)
        # 256 lock files serve all keys: two keys that share one only wait for each other.
        name = hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:2]
        with around("disk.lock"), (folder / name).open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _make_folder(self, folder: Path) -> None:
        """Make a folder so that its name, too, survives a power loss; who made a standing one may have been killed before that."""
        is_ours = folder.is_relative_to(self._folder)
        if folder.is_dir() and (folder in self._lasting or not is_ours):
            return
        self._make_folder(folder.parent)
        try:
            with around("disk.make_folder"):
                folder.mkdir()
        except FileExistsError:
            pass  # It was there, or somebody else was faster.
        _sync_folder(folder.parent)
        self._lasting.add(folder)


def _etag(status: os.stat_result) -> str:
    return f"{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}"


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
