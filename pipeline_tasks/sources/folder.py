"""A folder of files as a source of images: read, never written."""

from __future__ import annotations

import errno
import logging
import os
import stat
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from pipeline_tasks.errors import RejectedFileError, ServiceUnavailableError
from pipeline_tasks.sources.file_keys import key_of_path, path_of_key
from pipeline_tasks.sources.file_stamps import FileStamp, moment_of
from pipeline_tasks.sources.key_pattern import KeyedSettings, KeyPattern
from pipeline_tasks.sources.left_out import LeftOut, LeftOutFiles
from pipeline_tasks.sources.name_rules import NameRules
from pipeline_tasks.sources.source import FileMetadata, FoundFile

logger = logging.getLogger(__name__)

MAX_BYTES = 160_000_000
"""A larger file is refused without being read into memory."""
LONGEST_PAUSE_S = 2.0
"""Longest time between the two looks of one listing; where `settle_s` is longer, the file's age counts, too."""


class FolderSettings(KeyedSettings):
    """Settings of a source of kind `folder`."""

    kind: Literal["folder"] = "folder"
    path: str = Field(description="A folder; a relative one lies in NIGHTLENS_HOME.")
    settle_s: float = Field(
        2.0, ge=0, description="A file that changed less than this many seconds ago waits for the next cycle; 0: none waits."
    )
    ignore: tuple[str, ...] = Field((), description="Patterns of files to leave out, as in .gitignore; `!` includes.")
    compare: Literal["stamps", "times"] = Field(
        "stamps", description="`times`: ignore change times and inodes, for mounts that do not keep them."
    )
    check_again: int = Field(
        10_000,
        ge=0,
        description="Known files compared by their bytes each night, where times cannot show a change (FAT, exFAT, `times`).",
    )

    @field_validator("path")
    @classmethod
    def _path_is_no_address(cls, path: str) -> str:
        """Say how a bucket is named, which would otherwise look like a missing folder."""
        if path.startswith("s3://"):
            raise ValueError(f"must be a folder, not a bucket; for a bucket write `kind: s3` and `url: {path}`")
        return path


class FolderSource:
    """The files below one folder, without those that `NameRules` leave out.

    A key is the path inside the folder with forward slashes, bytes that are no UTF-8 escaped; a version is modification time in ns,
    size, change time in ns and inode. No clock is trusted: a new file is at rest if two looks find the same version.
    """

    settings_model = FolderSettings

    def __init__(self, settings: FolderSettings, home: Path, max_bytes: int = MAX_BYTES) -> None:
        """Read below `settings.path`; a relative one lies in `home`.

        Raises:
            SettingsError: `key_pattern` is no regular expression, or a pattern of `ignore` can match nothing.
        """
        self.name = settings.name
        self.check_again = settings.check_again
        self._settle_s = settings.settle_s
        self._has_change_times = settings.compare == "stamps"
        self._rules = NameRules(settings.ignore, f"source {settings.name}: ignore")
        self._left_out: list[LeftOut] = []
        self._listed_at_s = 0.0
        self._folder = home / settings.path
        self._max_bytes = max_bytes
        self._pattern = KeyPattern(settings.name, settings.key_pattern)

    def list_files(self) -> Iterator[FoundFile]:
        """Yield the files below the folder, sorted by key.

        A link to a file is a file; one that leads out of the folder is found but not readable. Links to folders are not followed.

        Raises:
            ServiceUnavailableError: the folder is not there or cannot be listed.
        """
        found = sorted(self.stream_files(), key=lambda file: file.key)
        self._listed_at_s = time.monotonic()
        yield from found

    def stream_files(self) -> Iterator[FoundFile]:
        """Yield the same files as they are found, without holding them."""
        self._left_out = []
        yield from self._walk()

    def left_out(self) -> LeftOutFiles:
        """Files and folders that the last listing left out."""
        return LeftOutFiles(sorted(self._left_out, key=lambda one: one.key))

    def is_at_rest(self, file: FoundFile, now: datetime) -> bool:
        """Tell by its modification time whether the file has not changed for `settle_s`."""
        return file.modified_at is not None and file.modified_at <= now - timedelta(seconds=self._settle_s)

    def why_waiting(self, file: FoundFile, first_seen_at: datetime | None, now: datetime) -> str | None:
        """Look at the file again, `settle_s` or `LONGEST_PAUSE_S` after the listing, and say why it is not at rest.

        Where `settle_s` is longer than that pause, the file must also have that age: by the newest of its times that lies in the
        past, or because an earlier cycle found it in this version so long ago. A file that is gone is left to `read`.
        """
        if self._settle_s == 0:
            return None
        time.sleep(max(0.0, self._listed_at_s + min(self._settle_s, LONGEST_PAUSE_S) - time.monotonic()))
        try:
            again = self._stamp(os.stat(self._path(file.key)))
        except OSError:
            return None
        listed = FileStamp.parse(file.object_version)
        if listed is None or again != replace(listed, content=None):
            return "changing"
        settle = timedelta(seconds=self._settle_s)
        if self._settle_s <= LONGEST_PAUSE_S or (first_seen_at is not None and first_seen_at <= now - settle):
            return None
        past = [moment for moment in again.moments() if moment <= now]
        if not past:
            return "age_unknown"
        return None if max(past) <= now - settle else "young"

    def read(self, key: str, object_version: str) -> bytes:
        """Return a file's bytes if it is still the one that was listed.

        Raises:
            RejectedFileError: `vanished`, `unreadable`, `changed_while_reading`, `too_many_bytes`, or `not_an_image` for
                what is no plain file inside the source.
        """
        path = self.path_of(key)
        try:
            # A name may have become a pipe since it was listed; opening that must not wait for a writer.
            handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                return self._read_unchanged(handle, key, object_version)
            finally:
                os.close(handle)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise RejectedFileError("vanished", f"{key}: was deleted after it was listed") from error
        except OSError as error:
            raise RejectedFileError("unreadable", f"{key}: {os.strerror(error.errno or errno.EIO)}") from error

    def path_of(self, key: str) -> str:
        """Path of a file inside the folder.

        Raises:
            RejectedFileError: `not_an_image`: it is a link that leads outside, or to no file.
        """
        path = self._path(key)
        real, folder = os.path.realpath(path), os.path.realpath(self._folder)
        if os.path.commonpath([real, folder]) != folder or (os.path.islink(path) and not os.path.exists(path)):
            raise RejectedFileError("not_an_image", f"{key}: a link that leads outside the source's folder, or to no file")
        return path

    def metadata(self, key: str) -> FileMetadata:
        """Device, clip, site and day as the source's `key_pattern` reads them off the key."""
        return self._pattern.metadata(key)

    def _path(self, key: str) -> str:
        return os.path.join(self._folder, path_of_key(key))

    def _stamp(self, status: os.stat_result) -> FileStamp:
        return FileStamp.of(status, has_change_time=self._has_change_times)

    def _walk(self) -> Iterator[FoundFile]:
        """Walk the folder without following links to folders."""
        for folder, folders, names in os.walk(self._folder, onerror=self._judge):
            inside = os.path.relpath(folder, self._folder)
            above = "" if inside == "." else f"{inside}/"
            mark = self._rules.of_marked_folder(inside, names) if above else None
            if mark is not None:
                self._leave_out(inside, mark, is_folder=True)
                folders.clear()
                continue
            folders[:] = [name for name in folders if self._is_entered(f"{above}{name}")]
            yield from self._files(above, names)

    def _is_entered(self, path: str) -> bool:
        """Tell whether a folder is looked into."""
        reason = self._rules.of_folder(path)
        if reason is None and os.path.islink(os.path.join(self._folder, path)):
            reason = "linked_folder"
        if reason is not None:
            self._leave_out(path, reason, is_folder=True)
        return reason is None

    def _files(self, above: str, names: Sequence[str]) -> Iterator[FoundFile]:
        """The files of one folder that the rules leave in."""
        looked = {name: _status(os.path.join(self._folder, above, name)) for name in names}
        there = {name: status for name, status in looked.items() if status is not None}
        sizes = {name: status.st_size for name, status in there.items()}
        for name, status in there.items():
            path = f"{above}{name}"
            reason = self._rules.of_file(path, sizes)
            if reason is None and not (stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode)):
                reason = "not_a_file"
            if reason is None:
                stamp = self._stamp(status)
                yield FoundFile(key_of_path(path), stamp.version, status.st_size, moment_of(status.st_mtime_ns), stamp)
            else:
                self._leave_out(path, reason)

    def _leave_out(self, path: str, reason: str, *, is_folder: bool = False) -> None:
        self._left_out.append(LeftOut(key_of_path(path), reason, is_folder))

    def _judge(self, error: OSError) -> None:
        """Go on where only one folder inside is closed to us or just gone; stop where the source itself is away."""
        if Path(error.filename) == self._folder or error.errno not in (errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR):
            raise ServiceUnavailableError(f"source {self.name}: the folder {error.filename} cannot be listed: {error.strerror}")
        self._leave_out(os.path.relpath(error.filename, self._folder), "closed", is_folder=True)
        logger.warning("source %s: the folder %s is left out: %s", self.name, error.filename, error.strerror)

    def _read_unchanged(self, handle: int, key: str, object_version: str) -> bytes:
        before = os.fstat(handle)
        if not stat.S_ISREG(before.st_mode):
            raise RejectedFileError("not_an_image", f"{key}: not a plain file")
        listed = FileStamp.parse(object_version)
        # Between two machines that mounted the folder, change time and inode may differ; while reading they may not.
        if listed is None or not listed.has_same_times(FileStamp.of(before)):
            raise RejectedFileError("changed_while_reading", f"{key}: changed after it was listed")
        if before.st_size > self._max_bytes:
            raise RejectedFileError("too_many_bytes", f"{key}: found {before.st_size} bytes, wanted at most {self._max_bytes}")
        with open(handle, "rb", closefd=False) as file:
            content = file.read(before.st_size + 1)
        if FileStamp.of(os.fstat(handle)) != FileStamp.of(before) or len(content) != before.st_size:
            raise RejectedFileError("changed_while_reading", f"{key}: changed while it was read")
        return content


def _status(path: str) -> os.stat_result | None:
    """Look at one name in a folder, of a link that leads nowhere at the link; None if it is gone again."""
    try:
        return os.stat(path) if os.path.exists(path) else os.lstat(path)
    except OSError:
        return None
