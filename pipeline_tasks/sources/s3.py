"""A bucket on S3, or a prefix in one, as a source of images."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import Field, field_validator

from pipeline_tasks.sources.bucket_source import MAX_BYTES, BucketSettings, BucketSource
from pipeline_tasks.sources.s3_client import open_client
from pipeline_tasks.sources.s3_connection import S3Connection
from pipeline_tasks.sources.s3_errors import Place, bucket_and_prefix, of_bucket
from pipeline_tasks.sources.s3_names import Entry
from pipeline_tasks.sources.s3_reading import read_object
from pipeline_tasks.sources.s3_versions import S3Version


class S3Settings(BucketSettings):
    """Settings of a source of kind `s3`."""

    kind: Literal["s3"]
    url: str = Field(description="`s3://bucket/prefix`: every object whose key begins with `prefix/`; `s3://bucket`: all.")
    connection: str | None = Field(
        None, description="Id of an Amazon connection in Airflow, with which the bucket is read; null: what boto3 finds."
    )
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


class S3Source(BucketSource):
    """Objects of a bucket; a version is ETag, size and time, with `lists_versions` the store's own version."""

    settings_model = S3Settings

    def __init__(self, settings: S3Settings, connection: S3Connection, max_bytes: int = MAX_BYTES) -> None:
        """Read below `settings.url` with the connection's address and keys.

        Raises:
            SettingsError: `key_pattern` is no regular expression, a pattern of `ignore` can match nothing, or no client can be made
                of the connection.
        """
        place = bucket_and_prefix(settings.url)
        assert place is not None, "the settings were checked"
        super().__init__(settings, place[1], max_bytes)
        self._place = Place(settings.name, *place, connection)
        self._lists_versions, self._has_md5_etags = settings.lists_versions, settings.has_md5_etags
        self._client = open_client(connection)

    @classmethod
    def at(cls, settings: S3Settings, connection: S3Connection) -> S3Source:
        """Open the source with what is known of its connection."""
        return cls(settings, connection)

    def pages(self) -> Iterator[list[Entry]]:
        """Yield the newest version of each object, a page at a time.

        Raises:
            ServiceError: the store does not answer, or refuses.
        """
        try:
            yield from self._pages()
        except (ClientError, BotoCoreError) as error:
            action = "s3:ListBucketVersions" if self._lists_versions else "s3:ListBucket"
            raise of_bucket(error, self._place, action) from error

    def content(self, key: str, wanted: S3Version) -> bytes:
        """Return the bytes of exactly this version."""
        return read_object(self._client, self._place, key, wanted, compares_md5=self._has_md5_etags)

    def _pages(self) -> Iterator[list[Entry]]:
        where = {"Bucket": self._place.bucket, "Prefix": self._place.prefix}
        if not self._lists_versions:
            for page in self._client.get_paginator("list_objects_v2").paginate(**where):
                yield page.get("Contents", [])
            return
        for page in self._client.get_paginator("list_object_versions").paginate(**where):
            yield [one for one in page.get("Versions", []) if one["IsLatest"]]
