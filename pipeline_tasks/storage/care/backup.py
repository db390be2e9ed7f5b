"""Incremental backup and restore of a project's root, also while cycles run, and never over another history.

Everything that an event names was written before the event. So the ledger is listed first and copied last, and a copy made while
others write is a state that the project really had. An interrupted backup continues when it is run again.
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

_MADE_AGAIN = (layout.SNAPSHOTS, layout.COMPACTED, "checkpoints/", "parts/", layout.SET_ASIDE, layout.TRASH, layout.ERASURE_PLANS)
"""Not copied: caches, intermediate outputs of tasks, which a re-run of the cycle makes again, damaged bytes, the
trash, and plans of unfinished erasures."""
REPLACEABLE = (layout.GENERATION, layout.SERVING_POINTER, layout.PUBLICATIONS, "reports/")
"""Keys whose bytes may change; all others are written once."""


@dataclass(frozen=True)
class BackupSummary:
    """Summary of a backup."""

    events: int
    objects: int
    """Objects now in the copy, without events."""
    copied: int
    """Objects that were new or different, with events."""
    bytes_copied: int
    erased: int
    """Objects deleted from the copy because they had been erased."""
    rotten: tuple[str, ...]
    """Keys whose bytes do not have the digest in their name: not copied, and the copy's object is kept."""

    @property
    def is_fine(self) -> bool:
        """Return True if the copy holds everything."""
        return not self.rotten


def back_up(source: ObjectStore, target: ObjectStore, tell: Callable[[int, int], None] = lambda done, of: None) -> BackupSummary:
    """Bring `target` up to date with `source`; `tell` is called with the number of objects done and their total.

    Objects erased in the source are deleted in the target; objects missing from the source for another reason stay.

    Raises:
        StorageError: the target holds another history: of another project, or of this one before it was emptied.
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
            # Copy events in order: the ledger must have no gap.
            break
    erased = 0 if copy.rotten else _erase(source, target, erasures)
    tell(len(keys), len(keys))
    return BackupSummary(len(events), len(keys) - len(copy.rotten), copy.count, copy.size, erased, tuple(copy.rotten))


def restore_backup(
    backup: ObjectStore, root: ObjectStore, tell: Callable[[int, int], None] = lambda done, of: None
) -> BackupSummary:
    """Restore a backup into a root that holds no cycle yet.

    Raises:
        StorageError: the root holds cycles that are not in the backup, or the backup holds none.
    """
    if next(iter(backup.list(layout.LEDGER)), None) is None:
        raise StorageError(f"{backup!r}: wanted a backup, found no event of any cycle there")
    return back_up(backup, root, tell)


def is_left_out(key: str) -> bool:
    """Return True if a copy does not need this object, because a cycle makes it again or nothing names it."""
    return key.startswith(_MADE_AGAIN) and not is_candidate(key)


def _erase(source: ObjectStore, target: ObjectStore, erasures: Erasures) -> int:
    """After the events: delete from the copy what they erased, and objects gone from the source that name an erased image."""
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
    """Copies objects one at a time, and never one whose bytes do not have the digest in its name."""

    def __init__(self, source: ObjectStore, target: ObjectStore) -> None:
        self._source, self._target = source, target
        self.count, self.size = 0, 0
        self.rotten: list[str] = []

    def add(self, key: str) -> None:
        """Copy an object that never changes; one that was deleted meanwhile was not needed."""
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
    """Refuse a target whose last event is not in the source, or whose generation (times emptied) differs."""
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
