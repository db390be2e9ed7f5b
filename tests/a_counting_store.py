"""An object store that counts what is read from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pipeline_tasks.storage.objects.object_store import ObjectStore, StoredObject


class CountingObjects:
    """The six verbs of another store, and how often and how much was read of each key."""

    def __init__(self, objects: ObjectStore) -> None:
        """Count from zero."""
        self._objects = objects
        self.reads: Counter[str] = Counter()
        """Key → how often it was asked for, also in vain."""
        self.size_bytes: Counter[str] = Counter()

    def reset(self) -> None:
        """Count from zero again."""
        self.reads, self.size_bytes = Counter(), Counter()

    def opened(self) -> list[str]:
        """Every read in turn, by key; one that was asked for twice counts twice."""
        return sorted(self.reads.elements())

    def read(self, key: str) -> StoredObject:
        """Return the whole object."""
        self.reads[key] += 1
        found = self._objects.read(key)
        self.size_bytes[key] += len(found.content)
        return found

    def read_range(self, key: str, start: int, length: int) -> bytes:
        """Return a part of the object."""
        self.reads[key] += 1
        found = self._objects.read_range(key, start, length)
        self.size_bytes[key] += len(found)
        return found

    def write_new(self, key: str, content: bytes) -> str:
        """Store under a free key."""
        return self._objects.write_new(key, content)

    def replace(self, key: str, content: bytes, etag: str) -> str:
        """Replace the object that has `etag`."""
        return self._objects.replace(key, content, etag)

    def list(self, prefix: str) -> Iterator[str]:
        """Yield the keys below a prefix, sorted."""
        return self._objects.list(prefix)

    def sizes(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Yield keys and sizes, sorted."""
        return self._objects.sizes(prefix)

    def delete(self, key: str) -> None:
        """Forget the object."""
        self._objects.delete(key)
