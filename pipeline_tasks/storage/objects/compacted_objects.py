"""Many small objects put together in one: a cache that its reader makes, named by the digest of what it is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pipeline_tasks.errors import AlreadyThereError, NotFoundError
from pipeline_tasks.storage.objects.fail_points import around
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.objects.self_checked import with_digest, without_digest
from pipeline_tasks.storage.objects.spans import child_spans

Entry = TypeVar("Entry")
Piece = TypeVar("Piece")


@dataclass(frozen=True)
class Compacting(Generic[Entry, Piece]):
    """One list of small objects (`Entry` names one, `Piece` is what it says), and how runs of them become one object."""

    objects: ObjectStore
    folder: str
    """Prefix of this list's compacted objects."""
    key_of: Callable[[Sequence[Entry]], str]
    read: Callable[[Entry], Piece]
    put_together: Callable[[list[Piece]], Piece]
    encode: Callable[[Piece], bytes]
    decode: Callable[[bytes], Piece]
    still_stand: Callable[[Sequence[Entry]], bool] | None
    """Predicate: all entries are still in the list; objects made of others are deleted. None stores nothing."""
    checked: set[str]
    """Keys of objects that were found whole."""

    def content(self, entries: Sequence[Entry]) -> bytes:
        """The compacted object of a run of at least two entries, without its digest; made if it is missing or broken."""
        return self._read(self.key_of(entries)) or self._make(entries)

    def _read(self, key: str) -> bytes | None:
        try:
            stored = self.objects.read(key).content
        except NotFoundError:
            return None
        content = without_digest(stored, key, is_known=key in self.checked)
        if content is None:
            with around("compacted.drop_broken"):
                self.objects.delete(key)
            return None
        self.checked.add(key)
        return content

    def _make(self, entries: Sequence[Entry]) -> bytes:
        """Put entries together and keep the result, unless one of them was replaced meanwhile."""
        key = self.key_of(entries)
        content = self.encode(self._piece(entries, set(self.objects.list(self.folder))))
        if self.still_stand is None:
            return content
        try:
            with around("compacted.put"):
                self.objects.write_new(key, with_digest(content, key))
        except AlreadyThereError:
            return content
        # Behind the write: an erasure either sees this object, or is seen here.
        if not self.still_stand(entries):
            with around("compacted.drop_stale"):
                self.objects.delete(key)
        return content

    def _piece(self, entries: Sequence[Entry], there: set[str]) -> Piece:
        """Content of some entries, from earlier compacted objects as far as these are valid."""
        pieces = []
        for start, end in child_spans(len(entries)):
            some = entries[start:end]
            content = self._read(self.key_of(some)) if len(some) > 1 and self.key_of(some) in there else None
            if content is not None:
                pieces.append(self.decode(content))
            else:
                pieces.append(self.read(some[0]) if len(some) == 1 else self._piece(some, there))
        return self.put_together(pieces)
