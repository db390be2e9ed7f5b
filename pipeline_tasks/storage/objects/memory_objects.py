"""Object store in memory, for tests, which shows that no upper floor depends on a disk."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator

from pipeline_tasks.errors import AlreadyThereError, ChangedMeanwhileError, NotFoundError
from pipeline_tasks.storage.objects.object_store import StoredObject


class MemoryObjects:
    """An object store that ends with its process."""

    def __init__(self) -> None:
        """Start empty."""
        self._objects: dict[str, StoredObject] = {}
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)

    def read(self, key: str) -> StoredObject:
        """Return the whole object."""
        try:
            return self._objects[key]
        except KeyError as error:
            raise NotFoundError(f"{key}: no such object") from error

    def read_range(self, key: str, start: int, length: int) -> bytes:
        """Return a part of the object."""
        return self.read(key).content[start : start + length]

    def write_new(self, key: str, content: bytes) -> str:
        """Store under a free key."""
        with self._lock:
            if key in self._objects:
                raise AlreadyThereError(f"{key}: an object is already there")
            return self._store(key, content)

    def replace(self, key: str, content: bytes, etag: str) -> str:
        """Replace the object that has `etag`."""
        with self._lock:
            if self.read(key).etag != etag:
                raise ChangedMeanwhileError(f"{key}: was replaced by another process")
            return self._store(key, content)

    def list(self, prefix: str) -> Iterator[str]:
        """Yield the keys below a prefix, sorted."""
        yield from sorted(key for key in list(self._objects) if key.startswith(prefix))

    def sizes(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Yield keys and sizes, sorted."""
        yield from ((key, len(self.read(key).content)) for key in self.list(prefix))

    def delete(self, key: str) -> None:
        """Delete the object."""
        with self._lock:
            self._objects.pop(key, None)

    def _store(self, key: str, content: bytes) -> str:
        self._objects[key] = StoredObject(bytes(content), f"{next(self._numbers)}")
        return self._objects[key].etag
