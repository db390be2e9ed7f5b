"""The six verbs on a folder: what is visible is complete and survives a power loss.

A new object is written to a temporary file, synced, linked to its name (a link never replaces), and its folder synced.
Who linked, replaced or deleted may be killed before that sync, and who reads afterwards builds on what they saw: so reading
and listing sync a folder that changed a short while ago, once.
A root on disk serves one machine: replacing holds a lock file per key.
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
"""A folder that has not changed for so long was written to the disk by the system itself, which waits half a minute at most."""
_CLOCK_STEP_NS = 10**8
"""Two changes so close to each other may carry the same time."""
_NOT_OURS = (errno.ENOENT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EINVAL)
"""What a sync answers in a folder that has gone, or to somebody who may only look."""
_THREADS = 16


class DiskObjects:
    """An object store in a folder."""

    def __init__(self, folder: Path) -> None:
        """Serve the objects below `folder`, which is made when the first one is written."""
        self._folder = folder
        self._lasting: set[Path] = set()
        """Folders whose names are known to be on the disk for good."""
        self._settled: dict[Path, int] = {}
        """Folder → when it had changed last, as of a sync that holds all that had happened in it."""

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
        """All files, the names of their folders made lasting."""
        walked = []
        for found, folders, names in os.walk(start):
            if Path(found) == self._folder:
                folders[:] = [name for name in folders if name not in _HIDDEN]
            walked.append((Path(found), names))
        self._settle(folder for folder, _ in walked)
        for folder, names in walked:
            yield from (folder / name for name in names)

    def _settle(self, folders: Iterable[Path]) -> None:
        """Make lasting what was just seen in folders, where it may not be."""
        young = [folder for folder in folders if self._may_be_lost(folder)]
        if len(young) > 1:
            # The disk takes syncs that come together nearly as one.
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
