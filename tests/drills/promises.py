"""Promises of a store at a power cut: a completed operation must have lasted, a pending one may have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from drills.crash_states import Tree
from drills.disk_trace import PowerlessError, Trace

from pipeline_tasks.errors import AlreadyThereError
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.storage.objects.object_store import StoredObject

HIDDEN = (".temporary", ".locks")


@dataclass
class Promise:
    """One verb on one object, from one place in the trace to another."""

    path: str
    content: bytes | None
    """None: the object is gone."""
    begin: int
    end: int | None = None
    """None: it never returned."""


class PromisingObjects(DiskObjects):
    """The real store on disk; what each call promises is written down.

    Reading promises, too: who has read an object builds on it, and says so in other objects.
    """

    def __init__(self, trace: Trace, root: str, promises: list[Promise]) -> None:
        super().__init__(trace.base / root)
        self._trace, self._root, self._promises = trace, root, promises

    def read(self, key: str) -> StoredObject:
        found = super().read(key)
        self._note(key, found.content)
        return found

    def list(self, prefix: str) -> Iterator[str]:
        for key in list(super().list(prefix)):
            self._note(key, self._standing(key))
            yield key

    def write_new(self, key: str, content: bytes) -> str:
        with self._promise(key, content) as promise:
            try:
                return super().write_new(key, content)
            except AlreadyThereError:
                promise.content = self._standing(key)
                raise

    def replace(self, key: str, content: bytes, etag: str) -> str:
        with self._promise(key, content):
            return super().replace(key, content, etag)

    def delete(self, key: str) -> None:
        with self._promise(key, None):
            super().delete(key)

    @contextmanager
    def _promise(self, key: str, content: bytes | None) -> Iterator[Promise]:
        promise = Promise(f"{self._root}/{key}", content, len(self._trace.ops))
        self._promises.append(promise)
        try:
            yield promise
        except AlreadyThereError:
            promise.end = len(self._trace.ops)
            raise
        except PowerlessError:
            raise
        except BaseException:
            self._promises.remove(promise)
            raise
        promise.end = len(self._trace.ops)

    def _note(self, key: str, content: bytes | None) -> None:
        now = len(self._trace.ops)
        self._promises.append(Promise(f"{self._root}/{key}", content, now, now))

    def _standing(self, key: str) -> bytes:
        with self._trace.lock:
            number = self._trace.numbers[self._trace.base / self._root / key]
            return self._trace.contents[number]


def allowed(before: Tree, promises: list[Promise], cut: int) -> dict[str, list[bytes | None]]:
    """Allowed states of each object after a number of operations."""
    may_be: dict[str, list[bytes | None]] = {path: [content] for path, content in visible(before).items()}
    for promise in promises:
        if promise.end is not None and promise.end <= cut:
            may_be[promise.path] = [promise.content]
        elif promise.begin < cut:
            may_be.setdefault(promise.path, [None]).append(promise.content)
    return may_be


def broken(tree: Tree, may_be: Mapping[str, list[bytes | None]]) -> list[str]:
    """The objects of a crash state that are not what they may be."""
    found = visible(tree)
    wrong = [f"{path}: {_name(found.get(path))}" for path, contents in may_be.items() if found.get(path) not in contents]
    return wrong + [f"{path}: nobody wrote it" for path in found if path not in may_be]


def visible(tree: Tree) -> dict[str, bytes]:
    """The objects of all roots in a tree; temporary and lock files are none."""
    return {path: content for path, content in tree.items() if content is not None and path.split("/")[1] not in HIDDEN}


def _name(content: bytes | None) -> str:
    return "lost" if content is None else f"found {len(content)} bytes that it never held, or holds no longer"
