"""Version of an object in a bucket: what the store keeps of it, as one text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class S3Version:
    """ETag, size and time of an object, and its version id where the source lists versions.

    An ETag alone is no version here: it stays the same if an object is deleted and put back, which must be seen.
    """

    etag: str
    """Without its quotes."""
    size_bytes: int
    modified_ms: int
    version_id: str | None = None

    @classmethod
    def of(cls, etag: str, size_bytes: int, modified_at: datetime, version_id: str | None = None) -> S3Version:
        """The version of an object as a listing tells it."""
        return cls(etag.strip('"'), size_bytes, round(modified_at.timestamp() * 1000), version_id)

    @classmethod
    def parse(cls, text: str) -> S3Version:
        """Read what `text` wrote.

        Raises:
            ValueError: it is the version of another kind of source.
        """
        stamp, at, version_id = text.partition("@")
        etag, size_bytes, modified_ms = stamp.rsplit("-", 2)
        return cls(etag, int(size_bytes), int(modified_ms), version_id if at else None)

    @property
    def text(self) -> str:
        """The version as `object_version` keeps it."""
        written = f"{self.etag}-{self.size_bytes}-{self.modified_ms}"
        return written if self.version_id is None else f"{written}@{self.version_id}"

    @property
    def md5(self) -> str | None:
        """The ETag where it has the form of an MD5 sum: not of objects that were put in parts."""
        is_md5 = len(self.etag) == 32 and set(self.etag) <= set("0123456789abcdef")
        return self.etag if is_md5 else None
