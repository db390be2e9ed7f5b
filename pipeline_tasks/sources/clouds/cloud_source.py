"""A bucket or container behind a store's own web interface, as a source."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from pipeline_tasks.errors import RejectedFileError
from pipeline_tasks.sources.bucket_source import BucketSettings, BucketSource
from pipeline_tasks.sources.clouds.cloud_store import Body, CloudStore
from pipeline_tasks.sources.s3_names import Entry
from pipeline_tasks.sources.s3_versions import S3Version

_TRIES_OF_A_BODY = 3


class CloudSource(BucketSource):
    """The objects of a `CloudStore` below a prefix."""

    def __init__(self, settings: BucketSettings, store: CloudStore, prefix: str) -> None:
        """Read from this store below this prefix.

        Raises:
            SettingsError: `key_pattern` is no regular expression, or a pattern of `ignore` can match nothing.
        """
        super().__init__(settings, prefix)
        self._store = store

    def pages(self) -> Iterator[list[Entry]]:
        """Yield the store's own pages."""
        return self._store.pages(self.prefix)

    def content(self, key: str, wanted: S3Version) -> bytes:
        """Return bytes that have the size and the store's MD5 sum; others are asked for again."""
        said = ""
        for _ in range(_TRIES_OF_A_BODY):
            body = self._store.get(self.prefix + key, wanted)
            said = _differs(body, wanted)
            if not said:
                return body.content
        raise RejectedFileError("unreadable", f"{key}: {said} (in {_TRIES_OF_A_BODY} tries)")


def _differs(body: Body, wanted: S3Version) -> str:
    """The difference between bytes and version in words; empty if there is none."""
    if len(body.content) != wanted.size_bytes:
        return f"wanted {wanted.size_bytes} bytes, found {len(body.content)}"
    if body.md5 is not None and hashlib.md5(body.content, usedforsecurity=False).hexdigest() != body.md5:
        return f"its bytes do not have the MD5 sum that the store keeps, {body.md5}"
    return ""
