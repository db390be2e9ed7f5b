"""Object store in a folder: every visible object is complete and survives a power loss.

A new object is written to a temporary file, synced, linked to its name (a link never replaces), and its folder synced.
A writer may be killed before that last sync, and a later reader builds on what it saw: so reading and listing sync a
recently changed folder, once. A root on disk is for one machine: replacing holds a lock file per key.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from pipeline_tasks.errors import AlreadyThereError, ChangedMeanwhileError, NotFoundError, StorageError
from pipeline_tasks.storage.objects.fail_points import around
from pipeline_tasks.storage.objects.object_store import StoredObject

_TEMPORARY = ".temporary"
_LOCKS = ".locks"
_HIDDEN = (_TEMPORARY, _LOCKS)
_WRITTEN_BACK_NS = 600 * 10**9
"""Age after which the operating system has written a folder to disk itself; it waits half a minute at most."""
_CLOCK_STEP_NS = 10**8
"""Interval within which two changes may have the same modification time."""
_NOT_OURS = (errno.ENOENT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EINVAL)
"""Errors of a sync in a deleted or read-only folder."""
_THREADS = 16


class DiskObjects:
    """An object store in a folder."""

    def __init__(self, folder: Path) -> None:
        """Use the objects below `folder`, which is created at the first write."""
        self._folder = folder
        self._lasting: set[Path] = set()
        """Folders whose names are known to be on disk."""
        self._settled: dict[Path, int] = {}
        """Folder → its modification time at the last sync."""

    def __repr__(self) -> str:
        """Show the folder."""
        return f"DiskObjects({str(self._folder)!r})"

    def read(self, key: str) -> StoredObject:
        """Return the whole object with its etag (inode, modification time, size)."""
        try:
            with self._path(key).open("rb") as file:
                found = StoredObject(file.read(), _etag(os.fstat(file.fileno())))
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            raise NotFoundError(f"{self._path(key)}: no such object") from error
        self._settle([self._path(key).parent])
        return found

    def read_range(self, key: str, start: int, length: int) -> bytes:
        """Return a part of the object."""
        try:
            with self._path(key).open("rb") as file:
                file.seek(start)
                found = file.read(length)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            raise NotFoundError(f"{self._path(key)}: no such object") from error
        self._settle([self._path(key).parent])
        return found

    def write_new(self, key: str, content: bytes) -> str:
        """Write a synced file and link it to a name that must be free."""
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
        """Replace the file that has `etag` with a synced one."""
        path = self._path(key)
        with self._locked(key):
            if not path.is_file():
                raise NotFoundError(f"{path}: no such object")
            if _etag(path.stat()) != etag:
                raise ChangedMeanwhileError(f"{path}: was replaced by another process")
            with self._synced_file(content) as temporary:
                with around("disk.replace"):
                    os.replace(temporary, path)
                _sync_folder(path.parent)
                return _etag(path.stat())

    def sizes(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Yield keys and sizes, sorted; objects deleted meanwhile are left out."""
        for key in self.list(prefix):
            with suppress(FileNotFoundError):
                yield key, self._path(key).stat().st_size

    def temporary_files(self, before: datetime) -> list[tuple[str, int]]:
        """Names and sizes of killed writers' files: those not written to since `before`."""
        folder, found = self._folder / _TEMPORARY, []
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            with suppress(FileNotFoundError):
                status = path.stat()
                if status.st_mtime < before.timestamp():
                    found.append((path.name, status.st_size))
        return found

    def drop_temporary_file(self, name: str) -> None:
        """Unlink a killed writer's file; a missing one is not an error."""
        with around("disk.drop_left_over"):
            (self._folder / _TEMPORARY / Path(name).name).unlink(missing_ok=True)

    def list(self, prefix: str) -> Iterator[str]:
        """Yield the keys below a prefix, sorted; temporary and lock files are not objects."""
        start = self._folder / prefix.rpartition("/")[0]
        keys = (path.relative_to(self._folder).as_posix() for path in self._files_below(start))
        yield from sorted(key for key in keys if key.startswith(prefix) and key.split("/")[0] not in _HIDDEN)

    def delete(self, key: str) -> None:
        """Unlink the object's name."""
        path = self._path(key)
        with self._locked(key):
            with around("disk.delete"):
                path.unlink(missing_ok=True)
            if path.parent.is_dir():
                _sync_folder(path.parent)

    def _files_below(self, start: Path) -> Iterator[Path]:
        """All files, after syncing their folders."""
        walked = []
        for found, folders, names in os.walk(start):
            if Path(found) == self._folder:
                folders[:] = [name for name in folders if name not in _HIDDEN]
            walked.append((Path(found), names))
        self._settle(folder for folder, _ in walked)
        for folder, names in walked:
            yield from (folder / name for name in names)

    def _settle(self, folders: Iterable[Path]) -> None:
        """Sync recently changed folders, so that what a reader saw in them survives a power loss."""
        young = [folder for folder in folders if self._may_be_lost(folder)]
        if len(young) > 1:
            # The disk handles simultaneous syncs almost as fast as one.
            with ThreadPoolExecutor(_THREADS, thread_name_prefix="settle") as threads:
                list(threads.map(self._settle_one, young))
        elif young:
            self._settle_one(young[0])

    def _may_be_lost(self, folder: Path) -> bool:
        try:
            changed_ns = folder.stat().st_mtime_ns
        except FileNotFoundError:
            return False
        return time.time_ns() - changed_ns < _WRITTEN_BACK_NS and self._settled.get(folder) != changed_ns

    def _settle_one(self, folder: Path) -> None:
        begun_ns = time.time_ns()
        try:
            changed_ns = folder.stat().st_mtime_ns
            _sync_folder(folder)
        except OSError as error:
            if error.errno not in _NOT_OURS:
                raise
            return
        if begun_ns - changed_ns > _CLOCK_STEP_NS:
            self._settled[folder] = changed_ns

    def _path(self, key: str) -> Path:
        parts = key.split("/")
        if not key or any(part in ("", ".", "..") for part in parts) or "\0" in key:
            raise StorageError(f"key: wanted parts joined by single slashes without '.' and '..', found {key!r}")
        return self._folder.joinpath(*parts)

    def _already_there(self, path: Path) -> AlreadyThereError:
        """Error for an existing object, after syncing its name, because its writer may have been killed before that."""
        self._make_folder(path.parent)
        _sync_folder(path.parent)
        return AlreadyThereError(f"{path}: an object is already there")

    @contextmanager
    def _synced_file(self, content: bytes) -> Iterator[Path]:
        """Provide a synced temporary file with this content until the caller has linked it."""
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
        """Lock this key against other replaces and deletes."""
        folder = self._folder / _LOCKS
        self._make_folder(folder)
        # 256 lock files serve all keys; two keys that share one only wait for each other.
        name = hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:2]
        with around("disk.lock"), (folder / name).open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _make_folder(self, folder: Path) -> None:
        """Create a folder and sync its name; an existing one is synced too, because its creator may have been killed before."""
        is_ours = folder.is_relative_to(self._folder)
        if folder.is_dir() and (folder in self._lasting or not is_ours):
            return
        self._make_folder(folder.parent)
        try:
            with around("disk.make_folder"):
                folder.mkdir()
        except FileExistsError:
            pass  # It existed, or another writer was faster.
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
