"""Objects below a prefix of a bucket or container as a source, whoever keeps it: listed and read in place, never written."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import datetime

from pydantic import Field

from pipeline_tasks.errors import RejectedFileError
from pipeline_tasks.sources.key_pattern import KeyedSettings, KeyPattern
from pipeline_tasks.sources.left_out import LeftOut, LeftOutFiles
from pipeline_tasks.sources.name_rules import NameRules
from pipeline_tasks.sources.s3_names import Entry, S3Names
from pipeline_tasks.sources.s3_versions import S3Version
from pipeline_tasks.sources.source import FileMetadata, FoundFile

MAX_BYTES = 160_000_000
"""A larger object is refused without being fetched."""
ARCHIVED = {"GLACIER", "DEEP_ARCHIVE", "Archive"}
"""Storage classes and tiers whose objects cannot be read before somebody restores them."""


class BucketSettings(KeyedSettings):
    """Settings of a source in a bucket or container."""

    connection: str | None = Field(
        None, description="Id of the connection in Airflow with which it is read; null: see the kind's page."
    )
    ignore: tuple[str, ...] = Field((), description="Patterns of objects to leave out, as in .gitignore; `!` includes.")

    def connection_id(self) -> str | None:
        """The connection with which it is read."""
        return self.connection


class BucketSource(ABC):
    """The objects below a prefix, without those that `NameRules` leave out.

    A key is the object's key behind the prefix; a version is its ETag, size and time, and more where the store tells more
    (`S3Version`). A store shows an object only when all of it was written, so each one is at rest.
    """

    def __init__(self, settings: BucketSettings, prefix: str, max_bytes: int = MAX_BYTES) -> None:
        """Read below this prefix.

        Raises:
            SettingsError: `key_pattern` is no regular expression, or a pattern of `ignore` can match nothing.
        """
        self.name = settings.name
        self.prefix, self._max_bytes = prefix, max_bytes
        self._rules = NameRules(settings.ignore, f"source {settings.name}: ignore")
        self._pattern = KeyPattern(settings.name, settings.key_pattern)
        self._left_out = LeftOutFiles()

    @abstractmethod
    def pages(self) -> Iterator[list[Entry]]:
        """Yield the objects below the prefix, a page at a time, in the order of their keys.

        Raises:
            ServiceError: the store does not answer, or refuses.
        """

    @abstractmethod
    def content(self, key: str, wanted: S3Version) -> bytes:
        """Return the bytes of the object with this key behind the prefix, if it is still the one that was listed.

        Raises:
            RejectedFileError: `vanished`, `unreadable` or `changed_while_reading`.
            ServiceError: the store does not answer, or refuses every request.
        """

    def list_files(self) -> Iterator[FoundFile]:
        """Yield the objects page by page, in the store's order; no more than a few pages are held.

        Raises:
            ServiceUnavailableError: the store does not answer, or fails also after more tries.
            ServiceRefusedError: there is no such bucket, or it may not be listed.
        """
        self._left_out = LeftOutFiles()
        cut = len(self.prefix)
        for entry, reason in S3Names(self._rules).judged(self.pages(), cut, self._left_out):
            key = entry["Key"][cut:]
            if reason is None and entry.get("StorageClass") in ARCHIVED:
                reason = "archived"
            if reason is None:
                yield _found(key, entry)
            else:
                self._left_out.add(LeftOut(key, reason))

    def left_out(self) -> LeftOutFiles:
        """Objects and folders that the last listing left out."""
        return self._left_out

    def is_at_rest(self, file: FoundFile, now: datetime) -> bool:
        """Return True: an object that is listed is whole."""
        return True

    def read(self, key: str, object_version: str) -> bytes:
        """Return an object's bytes if it is still the one that was listed, compared with its size and the store's checksums.

        Raises:
            RejectedFileError: `vanished`, `unreadable`, `changed_while_reading` or `too_many_bytes`.
            ServiceUnavailableError: the store does not answer.
            ServiceRefusedError: the store refuses every request.
        """
        try:
            wanted = S3Version.parse(object_version)
        except ValueError as error:
            raise RejectedFileError("changed_while_reading", f"{key}: {object_version!r} is no version of an object") from error
        if wanted.size_bytes > self._max_bytes:
            detail = f"{key}: found {wanted.size_bytes} bytes, wanted at most {self._max_bytes}"
            raise RejectedFileError("too_many_bytes", detail)
        return self.content(key, wanted)

    def metadata(self, key: str) -> FileMetadata:
        """Device, clip, site and day as the source's `key_pattern` reads them off the key."""
        return self._pattern.metadata(key)


def _found(key: str, entry: Entry) -> FoundFile:
    version = S3Version.of(entry["ETag"], entry["Size"], entry["LastModified"], entry.get("VersionId"))
    return FoundFile(key, version.text, version.size_bytes, entry["LastModified"])
