"""A folder of files as a source of images: read, never written."""

from __future__ import annotations

import errno
import logging
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Literal

from pydantic import Field

from pipeline_tasks.errors import RejectedFileError, ServiceUnavailableError, SettingsError
from pipeline_tasks.settings import SourceSettings
from pipeline_tasks.sources.file_keys import key_of_path, path_of_key
from pipeline_tasks.sources.source import FileMetadata, FoundFile

logger = logging.getLogger(__name__)

MAX_BYTES = 160_000_000
"""A larger file is refused without being read into memory."""
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".filepart", "~")
"""Names that programs give to files which they are still writing."""


class FolderSettings(SourceSettings):
    """Settings of a source of kind `folder`."""

    kind: Literal["folder"] = "folder"
    path: str = Field(description="A folder; a relative one lies in NIGHTLENS_HOME.")
    settle_s: float = Field(2.0, ge=0, description="A file changed more recently than this is left for the next cycle.")
    key_pattern: str | None = Field(
        None, description="A regular expression over the key; its named groups (device, clip, site, day) become metadata."
    )

    def metadata_keys(self) -> frozenset[str]:
        """Names of the groups in `key_pattern`."""
        return frozenset(re.findall(r"\(\?P<(\w+)>", self.key_pattern or ""))


class FolderSource:
    """The files below one folder, hidden and unfinished ones left out.

    A key is the path inside the folder with forward slashes, bytes that are no UTF-8 escaped; a version is modification time in ns
    and size.
    """

    settings_model = FolderSettings

    def __init__(self, settings: FolderSettings, home: Path, max_bytes: int = MAX_BYTES) -> None:
        """Read below `settings.path`; a relative one lies in `home`.

        Raises:
            SettingsError: `key_pattern` is no regular expression.
        """
        self.name = settings.name
        self._settle = timedelta(seconds=settings.settle_s)
        self._folder = home / settings.path
        self._max_bytes = max_bytes
        try:
            self._pattern = re.compile(settings.key_pattern) if settings.key_pattern is not None else None
        except re.error as error:
            raise SettingsError(
                f"source {self.name}: key_pattern: wanted a regular expression, found {settings.key_pattern!r}: {error}"
            ) from error

    def list_files(self) -> Iterator[FoundFile]:
        """Yield the files below the folder, sorted by key.

        A link to a file is a file; one that leads out of the folder is found but not readable. Links to folders are not followed.

        Raises:
            ServiceUnavailableError: the folder is not there or cannot be listed.
        """
        found = [self._found(path) for path in self._paths()]
        yield from sorted((file for file in found if file is not None), key=lambda file: file.key)

    def is_at_rest(self, file: FoundFile, now: datetime) -> bool:
        """Tell whether the file has not changed for `settle_s`."""
        return file.modified_at <= now - self._settle

    def read(self, key: str, object_version: str) -> bytes:
        """Return a file's bytes if it is still the one that was listed.

        Raises:
            RejectedFileError: `vanished`, `unreadable`, `changed_while_reading`, `too_many_bytes`, or `not_an_image` for
                what is no plain file inside the source.
        """
        path = os.path.join(self._folder, path_of_key(key))
        real, folder = os.path.realpath(path), os.path.realpath(self._folder)
        if os.path.commonpath([real, folder]) != folder or (os.path.islink(path) and not os.path.exists(path)):
            raise RejectedFileError("not_an_image", f"{key}: a link that leads out of the source's folder, or to nothing")
        try:
            # A name may have become a pipe since it was listed; opening that must not wait for a writer.
            handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                return self._read_unchanged(handle, key, object_version)
            finally:
                os.close(handle)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise RejectedFileError("vanished", f"{key}: was listed, then gone") from error
        except OSError as error:
            raise RejectedFileError("unreadable", f"{key}: {os.strerror(error.errno or errno.EIO)}") from error

    def metadata(self, key: str) -> FileMetadata:
        """Device, clip, site and day as the source's `key_pattern` reads them off the key."""
        match = self._pattern.search(key) if self._pattern is not None else None
        groups = match.groupdict() if match is not None else {}
        return FileMetadata(**{field.name: groups.get(field.name) for field in fields(FileMetadata)})

    def _paths(self) -> Iterator[str]:
        """Walk the folder without following links to folders."""
        for folder, folders, names in os.walk(self._folder, onerror=self._judge):
            folders[:] = [name for name in folders if not name.startswith(".")]
            yield from (os.path.join(folder, name) for name in names if not _is_passed_over(name))

    def _judge(self, error: OSError) -> None:
        """Go on where only one folder inside is closed to us or just gone; stop where the source itself is away."""
        if Path(error.filename) == self._folder or error.errno not in (errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR):
            raise ServiceUnavailableError(f"source {self.name}: the folder {error.filename} cannot be listed: {error.strerror}")
        logger.warning("source %s: the folder %s is left out: %s", self.name, error.filename, error.strerror)

    def _found(self, path: str) -> FoundFile | None:
        """Look at one file; None if it is gone again or is no file at all."""
        try:
            status = os.stat(path) if os.path.exists(path) else os.lstat(path)
        except OSError:
            return None
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode)):
            return None
        key = key_of_path(os.path.relpath(path, self._folder))
        return FoundFile(key, _version(status), status.st_size, _EPOCH + timedelta(microseconds=status.st_mtime_ns // 1000))

    def _read_unchanged(self, handle: int, key: str, object_version: str) -> bytes:
        before = os.fstat(handle)
        if not stat.S_ISREG(before.st_mode):
            raise RejectedFileError("not_an_image", f"{key}: not a plain file")
        if _version(before) != object_version:
            raise RejectedFileError("changed_while_reading", f"{key}: changed after it was listed")
        if before.st_size > self._max_bytes:
            raise RejectedFileError("too_many_bytes", f"{key}: found {before.st_size} bytes, wanted at most {self._max_bytes}")
        with open(handle, "rb", closefd=False) as file:
            content = file.read(before.st_size + 1)
        if _version(os.fstat(handle)) != object_version or len(content) != before.st_size:
            raise RejectedFileError("changed_while_reading", f"{key}: changed while it was read")
        return content


def _is_passed_over(name: str) -> bool:
    """Hidden files are not meant for us, unfinished ones not yet."""
    return name.startswith(".") or name.lower().endswith(_UNFINISHED)


def _version(status: os.stat_result) -> str:
    return f"{status.st_mtime_ns}-{status.st_size}"
