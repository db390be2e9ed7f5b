"""Copies a project's root to another place and back: while cycles run, again and again, and never over another history.

What each event names was written before the event. So the ledger is listed first and copied last, and a copy made beside writers
is a state that the project really had. Broken off, it is done again and goes on where it was.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from pipeline_tasks.errors import AlreadyThereError, NotFoundError, StorageError
from pipeline_tasks.storage.blobs.checkpoint_files import is_candidate
from pipeline_tasks.storage.erasure.erasures import Erasures, read_erasures
from pipeline_tasks.storage.ledger.generation import read_generation
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.content_names import promise_of
from pipeline_tasks.storage.objects.fail_points import around
from pipeline_tasks.storage.objects.object_store import ObjectStore

_MADE_AGAIN = (layout.SNAPSHOTS, "checkpoints/", "parts/", layout.SET_ASIDE, layout.TRASH, layout.ERASURE_PLANS)
"""Not copied: caches, what a task leaves for the next one, which a cycle that is run again makes anew, damaged bytes, the
trash, and what an erasure that is not done is about."""
REPLACEABLE = (layout.GENERATION, layout.SERVING_POINTER, layout.PUBLICATIONS, "reports/")
"""All else never changes under its key."""


@dataclass(frozen=True)
class BackupSummary:
    """What a copy brought over."""

    events: int
    objects: int
    """All that is in the copy now, without the events."""
    copied: int
    """What was not there before, or otherwise; with the events."""
    bytes_copied: int
    erased: int
    """Objects that went from the copy, because they had been erased."""
    rotten: tuple[str, ...]
    """Keys whose bytes are not what their name digests: not copied, and what stands in the copy is left alone."""

    @property
    def is_fine(self) -> bool:
        """Whether the copy holds everything."""
        return not self.rotten


def back_up(source: ObjectStore, target: ObjectStore, tell: Callable[[int, int], None] = lambda done, of: None) -> BackupSummary:
    """Bring `target` up to date with `source`; `tell` hears how many of the objects are looked at.

    What was erased in the source goes from the target, too; only that: what is missing in the source otherwise stays there.

    Raises:
        StorageError: the target holds another history: that of another project, or of this one before it was emptied.
    """
    events = list(source.list(layout.LEDGER))
    _check_history(source, target, events)
    keys = [key for key in source.list("") if not key.startswith(layout.LEDGER) and not is_left_out(key)]
    standing = set(target.list(""))
    erasures = read_erasures(source)
    keys = [key for key in keys if not erasures.is_gone(key)]
    copy = _Copy(source, target)
    for done, key in enumerate(keys):
        tell(done, len(keys))
        if key.startswith(REPLACEABLE) or key in erasures.renewed:
            copy.renew(key)
        elif key not in standing:
            copy.add(key)
    for key in events:
        if key not in standing:
            copy.add(key)
        if key in copy.rotten:
            # No event without those before it: the ledger leaves no gap.
            break
    erased = 0 if copy.rotten else _erase(source, target, erasures)
    tell(len(keys), len(keys))
    return BackupSummary(len(events), len(keys) - len(copy.rotten), copy.count, copy.size, erased, tuple(copy.rotten))


def restore_backup(
    backup: ObjectStore, root: ObjectStore, tell: Callable[[int, int], None] = lambda done, of: None
) -> BackupSummary:
    """Bring a backup into a root that holds no cycle yet.

    Raises:
        StorageError: the root holds cycles that the backup does not know, or the backup holds none.
    """
    if next(iter(backup.list(layout.LEDGER)), None) is None:
        raise StorageError(f"{backup!r}: wanted a backup, found no event of any cycle there")
    return back_up(backup, root, tell)


def is_left_out(key: str) -> bool:
    """Whether a copy can do without this object, since a cycle makes it anew or nobody names it."""
    return key.startswith(_MADE_AGAIN) and not is_candidate(key)


def _erase(source: ObjectStore, target: ObjectStore, erasures: Erasures) -> int:
    """Behind the events: take out of the copy what these say has gone, and what the source let go of that names such an image."""
    if erasures.is_none:
        return 0
    there, gone = set(source.list("")), 0
    for key in list(target.list("")):
        if erasures.is_gone(key) or (key not in there and erasures.is_named_in(key, target.read(key).content)):
            with around("backup.erase"):
                target.delete(key)
            gone += 1
    return gone


class _Copy:
    """Moves objects one at a time, and never one whose bytes are not what its name says."""

    def __init__(self, source: ObjectStore, target: ObjectStore) -> None:
        self._source, self._target = source, target
        self.count, self.size = 0, 0
        self.rotten: list[str] = []

    def add(self, key: str) -> None:
        """Copy an object that never changes; one that was deleted meanwhile is nobody's."""
        try:
            content = self._source.read(key).content
        except NotFoundError:
            if key.startswith(layout.LEDGER):
                raise
            return
        promise = promise_of(key)
        if promise is not None and promise(content) is not None:
            self.rotten.append(key)
            return
        try:
            with around("backup.add"):
                self._target.write_new(key, content)
        except AlreadyThereError:
            return
        self._count(content)

    def renew(self, key: str) -> None:
        """Copy an object that may have been replaced since the last time."""
        try:
            content = self._source.read(key).content
        except NotFoundError:
            return
        try:
            standing = self._target.read(key)
        except NotFoundError:
            with around("backup.first"):
                self._target.write_new(key, content)
        else:
            if standing.content == content:
                return
            with around("backup.renew"):
                self._target.replace(key, content, standing.etag)
        self._count(content)

    def _count(self, content: bytes) -> None:
        self.count += 1
        self.size += len(content)


def _check_history(source: ObjectStore, target: ObjectStore, events: list[str]) -> None:
    """Refuse a target whose last event is not one of the source's, or that was emptied less or more often."""
    standing = list(target.list(layout.LEDGER))
    if not standing:
        return
    ours, theirs = read_generation(source), read_generation(target)
    if ours != theirs:
        raise StorageError(
            f"{target!r}: wanted a copy of generation {ours} of this project, found generation {theirs}; choose another place"
        )
    last = standing[-1]
    if last not in events or source.read(last).content != target.read(last).content:
        raise StorageError(
            f"{target!r}: wanted a copy of this project, found another history: {_describe(target, last)}; choose another place"
        )


def _describe(objects: ObjectStore, key: str) -> str:
    event = json.loads(objects.read(key).content)
    return f"{key} is {event.get('stage', 'an event')} of cycle {event.get('cycle_id')}"
