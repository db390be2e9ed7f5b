"""Objects below a prefix of a bucket or container as a source: listed and read in place, never written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime

from pydantic import Field

from pipeline_tasks.errors import RejectedFileError
from pipeline_tasks.sources.clouds.cloud_store import Body, CloudStore
from pipeline_tasks.sources.key_pattern import KeyedSettings, KeyPattern
from pipeline_tasks.sources.left_out import LeftOut, LeftOutFiles
from pipeline_tasks.sources.name_rules import NameRules
from pipeline_tasks.sources.s3_names import Entry, S3Names
from pipeline_tasks.sources.s3_versions import S3Version
from pipeline_tasks.sources.source import FileMetadata, FoundFile

MAX_BYTES = 160_000_000
"""A larger object is refused without being fetched."""
ARCHIVED = "archived"
"""`StorageClass` of an entry whose object cannot be read before somebody restores it."""
_TRIES_OF_A_BODY = 3


class CloudSettings(KeyedSettings):
    """Settings of a source in a bucket or container."""

    connection: str | None = Field(
        None, description="Id of the connection in Airflow whose key reads it; null: see the kind's page."
    )
    ignore: tuple[str, ...] = Field((), description="Patterns of objects to leave out, as in .gitignore; `!` includes.")

    def connection_id(self) -> str | None:
        """The connection with whose key it is read."""
        return self.connection


class CloudSource:
    """The objects below a prefix, without those that `NameRules` leave out.

    A key is the object's key behind the prefix. A store shows an object only when all of it was written, so each one is at rest.
    """

    def __init__(self, settings: CloudSettings, store: CloudStore, prefix: str) -> None:
        """Read from this store below this prefix.

        Raises:
            SettingsError: `key_pattern` is no regular expression, or a pattern of `ignore` can match nothing.
        """
        self.name = settings.name
        self._store, self._prefix = store, prefix
        self._rules = NameRules(settings.ignore, f"source {settings.name}: ignore")
        self._pattern = KeyPattern(settings.name, settings.key_pattern)
        self._left_out = LeftOutFiles()

    def list_files(self) -> Iterator[FoundFile]:
        """Yield the objects page by page, in the store's order; no more than a few pages are held.

        Raises:
            ServiceError: the store does not answer, or refuses.
        """
        self._left_out = LeftOutFiles()
        cut = len(self._prefix)
        for entry, reason in S3Names(self._rules).judged(self._store.pages(self._prefix), cut, self._left_out):
            key = entry["Key"][cut:]
            if reason is None and entry.get("StorageClass") == ARCHIVED:
                reason = ARCHIVED
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
        """Return an object's bytes if it is still the one that was listed, compared with its size and the store's MD5 sum.

        Raises:
            RejectedFileError: `vanished`, `unreadable`, `changed_while_reading` or `too_many_bytes`.
            ServiceError: the store does not answer, or refuses every request.
        """
        try:
            wanted = S3Version.parse(object_version)
        except ValueError as error:
            raise RejectedFileError("changed_while_reading", f"{key}: {object_version!r} is no version of an object") from error
        if wanted.size_bytes > MAX_BYTES:
            raise RejectedFileError("too_many_bytes", f"{key}: found {wanted.size_bytes} bytes, wanted at most {MAX_BYTES}")
        said = ""
        for _ in range(_TRIES_OF_A_BODY):
            body = self._store.get(self._prefix + key, wanted)
            said = _differs(body, wanted)
            if not said:
                return body.content
        raise RejectedFileError("unreadable", f"{key}: {said} (in {_TRIES_OF_A_BODY} tries)")

    def metadata(self, key: str) -> FileMetadata:
        """Device, clip, site and day as the source's `key_pattern` reads them off the key."""
        return self._pattern.metadata(key)


def _found(key: str, entry: Entry) -> FoundFile:
    version = S3Version.of(entry["ETag"], entry["Size"], entry["LastModified"], entry.get("VersionId"))
    return FoundFile(key, version.text, version.size_bytes, entry["LastModified"])


def _differs(body: Body, wanted: S3Version) -> str:
    """The difference between bytes and version in words; empty if there is none."""
    if len(body.content) != wanted.size_bytes:
        return f"wanted {wanted.size_bytes} bytes, found {len(body.content)}"
    if body.md5 is not None and hashlib.md5(body.content, usedforsecurity=False).hexdigest() != body.md5:
        return f"its bytes do not have the MD5 sum that the store keeps, {body.md5}"
    return ""
