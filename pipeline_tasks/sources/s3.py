"""A bucket, or a prefix in one, as a source of images: listed and read in place, never written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import Field, field_validator

from pipeline_tasks.errors import RejectedFileError
from pipeline_tasks.sources.key_pattern import KeyedSettings, KeyPattern
from pipeline_tasks.sources.left_out import LeftOut, LeftOutFiles
from pipeline_tasks.sources.name_rules import NameRules
from pipeline_tasks.sources.s3_client import open_client
from pipeline_tasks.sources.s3_connection import S3Connection
from pipeline_tasks.sources.s3_errors import Place, bucket_and_prefix, of_bucket
from pipeline_tasks.sources.s3_names import Entry, S3Names
from pipeline_tasks.sources.s3_reading import read_object
from pipeline_tasks.sources.s3_versions import S3Version
from pipeline_tasks.sources.source import FileMetadata, FoundFile

MAX_BYTES = 160_000_000
"""A larger object is refused without being fetched."""
ARCHIVED = {"GLACIER", "DEEP_ARCHIVE"}
"""Storage classes whose objects cannot be read before somebody restores them."""


class S3Settings(KeyedSettings):
    """Settings of a source of kind `s3`."""

    kind: Literal["s3"]
    url: str = Field(description="`s3://bucket/prefix`: every object whose key begins with `prefix/`; `s3://bucket`: all.")
    connection: str | None = Field(
        None, description="Id of an Amazon connection in Airflow, with which the bucket is read; null: what boto3 finds."
    )
    ignore: tuple[str, ...] = Field((), description="Patterns of objects to leave out, as in .gitignore; `!` includes.")
    lists_versions: bool = Field(
        False, description="For a bucket that keeps versions: read exactly the version listed, even if it is overwritten meanwhile."
    )
    has_md5_etags: bool = Field(
        True, description="false: the store's ETags look like MD5 sums and are none, so bytes are not compared with them."
    )

    @field_validator("url")
    @classmethod
    def _url_names_a_bucket(cls, url: str) -> str:
        """Refuse what names no bucket when the file is read."""
        if bucket_and_prefix(url) is None:
            raise ValueError(f"must be s3://bucket or s3://bucket/prefix, not {url!r}")
        return url

    def connection_id(self) -> str | None:
        """The connection with which the bucket is read."""
        return self.connection


class S3Source:
    """The objects below a prefix, without those that `NameRules` leave out.

    A key is the object's key behind the prefix; a version is its ETag, size and time (`S3Version`). A store shows an object only
    when all of it was written, so each one is at rest.
    """

    settings_model = S3Settings

    def __init__(self, settings: S3Settings, connection: S3Connection, max_bytes: int = MAX_BYTES) -> None:
        """Read below `settings.url` with the connection's address and keys.

        Raises:
            SettingsError: `key_pattern` is no regular expression, a pattern of `ignore` can match nothing, or no client can be made
                of the connection.
        """
        place = bucket_and_prefix(settings.url)
        assert place is not None, "the settings were checked"
        self.name = settings.name
        self._place = Place(settings.name, *place, connection)
        self._rules = NameRules(settings.ignore, f"source {settings.name}: ignore")
        self._pattern = KeyPattern(settings.name, settings.key_pattern)
        self._lists_versions, self._has_md5_etags = settings.lists_versions, settings.has_md5_etags
        self._max_bytes = max_bytes
        self._client = open_client(connection)
        self._left_out = LeftOutFiles()

    @classmethod
    def at(cls, settings: S3Settings, connection: S3Connection) -> S3Source:
        """Open the source with what is known of its connection."""
        return cls(settings, connection)

    def list_files(self) -> Iterator[FoundFile]:
        """Yield the objects page by page, in the store's order; no more than a few pages are held.

        Raises:
            ServiceUnavailableError: the store does not answer, or fails also after more tries.
            ServiceRefusedError: there is no such bucket, or it may not be listed.
        """
        self._left_out = LeftOutFiles()
        names = S3Names(self._rules)
        try:
            for entry, reason in names.judged(self._pages(), len(self._place.prefix), self._left_out):
                key = entry["Key"][len(self._place.prefix) :]
                if reason is None and entry.get("StorageClass") in ARCHIVED:
                    reason = "archived"
                if reason is None:
                    yield _found(key, entry)
                else:
                    self._left_out.add(LeftOut(key, reason))
        except (ClientError, BotoCoreError) as error:
            action = "s3:ListBucketVersions" if self._lists_versions else "s3:ListBucket"
            raise of_bucket(error, self._place, action) from error

    def left_out(self) -> LeftOutFiles:
        """Objects and folders that the last listing left out."""
        return self._left_out

    def is_at_rest(self, file: FoundFile, now: datetime) -> bool:
        """Return True: an object that is listed is whole."""
        return True

    def read(self, key: str, object_version: str) -> bytes:
        """Return an object's bytes if it is still the one that was listed, checked against the store's checksums.

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
        return read_object(self._client, self._place, key, wanted, compares_md5=self._has_md5_etags)

    def metadata(self, key: str) -> FileMetadata:
        """Device, clip, site and day as the source's `key_pattern` reads them off the key."""
        return self._pattern.metadata(key)

    def _pages(self) -> Iterator[list[Entry]]:
        """The newest version of each object, a page at a time."""
        where = {"Bucket": self._place.bucket, "Prefix": self._place.prefix}
        if not self._lists_versions:
            for page in self._client.get_paginator("list_objects_v2").paginate(**where):
                yield page.get("Contents", [])
            return
        for page in self._client.get_paginator("list_object_versions").paginate(**where):
            yield [one for one in page.get("Versions", []) if one["IsLatest"]]


def _found(key: str, entry: Entry) -> FoundFile:
    version = S3Version.of(entry["ETag"], entry["Size"], entry["LastModified"], entry.get("VersionId"))
    return FoundFile(key, version.text, version.size_bytes, entry["LastModified"])
