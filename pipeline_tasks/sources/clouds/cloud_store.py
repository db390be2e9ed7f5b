"""The contract of a store of objects: it lists pages of them, and gives the bytes of one in the version that was listed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from pipeline_tasks.sources.s3_names import Entry
from pipeline_tasks.sources.s3_versions import S3Version


@dataclass(frozen=True)
class Body:
    """The bytes of an object, and the MD5 sum that the store keeps of them; None: it keeps none."""

    content: bytes
    md5: str | None


class CloudStore(Protocol):
    """One bucket or container. `get` is called from several threads at once."""

    def pages(self, prefix: str) -> Iterator[list[Entry]]:
        """Yield the objects below a prefix, a page at a time, in the order of their keys.

        Raises:
            ServiceError: the store does not answer, or refuses.
        """
        ...

    def get(self, key: str, wanted: S3Version) -> Body:
        """Return the bytes of one object, if it is still the one that was listed.

        Raises:
            RejectedFileError: `vanished`, `changed_while_reading` or `unreadable`.
            ServiceError: the store does not answer, or refuses every request.
        """
        ...
