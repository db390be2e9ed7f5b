"""Object store interface: the six verbs on keys that everything else in a project's root is built from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class StoredObject:
    """An object's bytes, and the etag that changes whenever it is replaced."""

    content: bytes
    etag: str


class ObjectStore(Protocol):
    """Keys with forward slashes, relative to the root. No rename, append or path leaves this room."""

    def read(self, key: str) -> StoredObject:
        """Return the whole object.

        Raises:
            NotFoundError: there is none.
        """
        ...

    def read_range(self, key: str, start: int, length: int) -> bytes:
        """Return `length` bytes from `start`, fewer at the object's end.

        Raises:
            NotFoundError: there is none.
        """
        ...

    def write_new(self, key: str, content: bytes) -> str:
        """Write an object that must not exist yet, whole or not at all; return its etag.

        Raises:
            AlreadyThereError: the key is taken; its object is unchanged.
        """
        ...

    def replace(self, key: str, content: bytes, etag: str) -> str:
        """Replace the object if it still has `etag`, whole or not at all; return the new etag.

        Raises:
            NotFoundError: there is none.
            ChangedMeanwhileError: another writer replaced it first.
        """
        ...

    def list(self, prefix: str) -> Iterator[str]:
        """Yield all keys that start with `prefix`, sorted."""
        ...

    def sizes(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Like `list`, with each object's size in bytes."""
        ...

    def delete(self, key: str) -> None:
        """Delete the object; a missing one is not an error."""
        ...


@runtime_checkable
class LeavesTemporaryFiles(Protocol):
    """A store whose killed writers leave files behind that are not objects."""

    def temporary_files(self, before: datetime) -> list[tuple[str, int]]:
        """Sorted names and sizes in bytes of files last written to before this time."""
        ...

    def drop_temporary_file(self, name: str) -> None:
        """Delete one."""
        ...
