"""Garbage collection in two phases: objects unneeded for a while go to the trash, and later are deleted for good.

No clock or lock protects against writers that run at the same time. A writer may find an object that is already garbage,
build on it, and name it in an event while it is being moved. So a real collection is announced by an event before it moves
anything; the collector reads new events just before it deletes an object and again after each batch, and puts back what they
name; and a writer whose cycle has seen a collection checks, before and after its own event, that everything it names exists
(`Store.record`). Whichever of the two comes last sees the other. A reader may find an object missing from the collector's
last check before the deletion until the end of the batch; a retry finds it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import polars as pl

from pipeline_tasks.storage.care.object_kinds import kind_of
from pipeline_tasks.storage.care.references import References, compacted_in_use, references
from pipeline_tasks.storage.erasure.erasures import read_erasures
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.ledger.event_names import names_of
from pipeline_tasks.storage.ledger.events import events_after
from pipeline_tasks.storage.ledger.state import read_state
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.fail_points import around
from pipeline_tasks.storage.objects.object_store import LeavesTemporaryFiles, ObjectStore
from pipeline_tasks.storage.objects.trash import is_there, move_to_trash, purge, put_back
from pipeline_tasks.storage.versions.published_files import publications
from pipeline_tasks.tables.table import Rows, empty
from pipeline_tasks.tables.unneeded_object import UnneededObject

BATCH = 100
TEMPORARY = "temporary file"
"""Kind of a file on disk that a killed writer left and that is not an object."""
_Row = dict[str, object]
_IN_PLACE = ("wait", "trash")
"""Actions of a plan on objects at their own key."""
_FIRST = {"part": 0, "version index": 1}
"""Objects that name others are moved first, so that no reader finds one and builds on objects that are gone."""


@dataclass(frozen=True)
class Patience:
    """Waiting times of a collection, in seconds."""

    young_s: float
    """From the plan that first finds an object unneeded to the one that moves it."""
    trash_s: float
    """From the plan that moves it to the one that deletes it for good."""
    abandoned_s: float
    """From the start of a cycle until its intermediate outputs count as abandoned."""
    damaged_s: float
    """Like `young_s`, for damaged bytes that were set aside."""


@dataclass
class Collected:
    """Result of a collection."""

    moved: int = 0
    deleted: int = 0
    put_back: int = 0
    spared: int = 0
    """Objects of the plan that were named meanwhile or no longer existed."""
    moved_bytes: int = 0
    deleted_bytes: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    """Kind → objects moved."""


def plan(store: Store, now: datetime, patience: Patience, cycle_id: str = "") -> Rows[UnneededObject]:
    """Unneeded objects with the action planned for each; changes nothing.

    Output of an earlier try in the cycle of this id is ignored, so that a retry gives the same plan.

    Raises:
        StorageError: something that names objects cannot be read.
    """
    own = layout.tables_of(UnneededObject.table_name, cycle_id)
    sizes = {key: size for key, size in store.objects.sizes("") if not key.startswith(own)}
    found = references(store, sizes, now, patience.abandoned_s)
    before = _earlier_plan(store)
    rows = [*_unneeded(sizes, found, before, now, patience), *_in_trash(sizes, found, before, now, patience)]
    rows += _left_over(store.objects, now, patience)
    return UnneededObject.validate(pl.DataFrame(rows, schema=empty(UnneededObject).schema).sort("key"), cast=True)


def collect(
    store: Store, planned: pl.DataFrame, read_to: int, tell: Callable[[int, int], None] = lambda done, of: None
) -> Collected:
    """Carry out a plan that was made when the ledger had `read_to` events; safe to run again after an interruption.

    Raises:
        StorageError: a needed object in the trash is damaged.
    """
    done, named = Collected(), _NamedSince(store.objects, read_to)
    rows = {action: planned.filter(pl.col("action") == action) for action in ("put_back", "trash", "purge")}
    todo, count = sum(frame.height for frame in rows.values()), 0
    for key in rows["put_back"]["key"]:
        done.put_back += put_back(store.objects, key)
    count += rows["put_back"].height
    for batch in _batches(rows["trash"]):
        _move(store.objects, batch, named, done)
        count += len(batch)
        tell(count, todo)
    for batch in _batches(rows["purge"]):
        _delete(store.objects, batch, named, done)
        count += len(batch)
        tell(count, todo)
    _purge_what_was_erased(store)
    return done


def _unneeded(
    sizes: dict[str, int], found: References, before: dict[str, _Row], now: datetime, patience: Patience
) -> Iterator[_Row]:
    """Unneeded objects at their own key. One with a copy in the trash may have been written again, so its wait starts anew."""
    for key, size in sizes.items():
        if key.startswith(layout.TRASH) or layout.trash(key) in sizes or found.why_kept(key) is not None:
            continue
        kind = kind_of(key).name
        # A row about a copy in the trash says nothing about an object written at the same key since.
        was_in_place = before.get(key, {}).get("action") in _IN_PLACE
        first_seen_at = (_time(before, key, "first_seen_at") if was_in_place else None) or now
        wait_s = patience.damaged_s if kind == "damaged bytes" else patience.young_s
        # A plan never moves what it is the first to find: a later plan does.
        is_old = was_in_place and now - first_seen_at >= timedelta(seconds=wait_s)
        yield _row(key, kind, size, first_seen_at, now if is_old else None, "trash" if is_old else "wait")


def _in_trash(
    sizes: dict[str, int], found: References, before: dict[str, _Row], now: datetime, patience: Patience
) -> Iterator[_Row]:
    """Objects in the trash. If the object also exists at its own key, the copy is deleted at once."""
    for trashed, size in sizes.items():
        key = trashed.removeprefix(layout.TRASH)
        if trashed == key:
            continue
        first_seen_at, trashed_at = _time(before, key, "first_seen_at") or now, _time(before, key, "trashed_at") or now
        if key not in sizes and found.why_kept(key) is not None:
            action = "put_back"
        elif key in sizes or now - trashed_at >= timedelta(seconds=patience.trash_s):
            action = "purge"
        else:
            action = "keep_in_trash"
        yield _row(key, kind_of(key).name, size, first_seen_at, trashed_at, action)


def _left_over(objects: ObjectStore, now: datetime, patience: Patience) -> Iterator[_Row]:
    """Files that killed writers left on a disk; younger files may still be written to."""
    if isinstance(objects, LeavesTemporaryFiles):
        for name, size in objects.temporary_files(now - timedelta(seconds=patience.young_s)):
            yield _row(name, TEMPORARY, size, now, None, "purge")


def _row(key: str, kind: str, size: int, first_seen_at: datetime, trashed_at: datetime | None, action: str) -> _Row:
    times = {"first_seen_at": first_seen_at, "trashed_at": trashed_at}
    return {"key": key, "kind": kind, "size_bytes": size, "action": action} | times


def _earlier_plan(store: Store) -> dict[str, _Row]:
    """Key → its row in the newest plan; objects that it moved have been in the trash since then."""
    files = store.files(UnneededObject)
    rows = store.read(UnneededObject, files[-1].cycle_id) if files else empty(UnneededObject)
    return {str(row["key"]): row for row in rows.iter_rows(named=True)}


def _time(before: dict[str, _Row], key: str, column: str) -> datetime | None:
    moment = before.get(key, {}).get(column)
    return moment if isinstance(moment, datetime) else None


class _NamedSince:
    """Keys named by events after the plan and by publications."""

    def __init__(self, objects: ObjectStore, sequence: int) -> None:
        self._objects, self._sequence = objects, sequence
        self._keys: set[str] = set()

    def catch_up(self) -> set[str]:
        """Read new events and publications; return all keys named since the plan."""
        self._keys |= {publication.folder_key for publication in publications(self._objects)}
        return self._events()

    def names(self, key: str) -> bool:
        """Return True if an event now names this key; costs one read if nothing has happened."""
        return key in self._events()

    def _events(self) -> set[str]:
        events = list(events_after(self._objects, self._sequence))
        if events:
            self._sequence = events[-1].sequence
            self._keys |= set(names_of(self._objects, events, read_state(self._objects)).named_by)
        return self._keys


def _move(objects: ObjectStore, batch: Sequence[tuple[str, int, str]], named: _NamedSince, done: Collected) -> None:
    needed, moved = named.catch_up(), []
    for key, size, kind in batch:
        if key in needed:
            # An earlier, interrupted try may have moved it before it was named.
            done.put_back += not is_there(objects, key) and put_back(objects, key)
        elif move_to_trash(objects, key, partial(named.names, key)):
            moved.append(key)
            done.moved_bytes += size
            done.kinds[kind] += 1
    done.moved += len(moved)
    done.spared += len(batch) - len(moved)
    for key in sorted(named.catch_up().intersection(moved)):
        done.put_back += put_back(objects, key)


def _delete(objects: ObjectStore, batch: Sequence[tuple[str, int, str]], named: _NamedSince, done: Collected) -> None:
    needed = named.catch_up()
    for key, size, kind in batch:
        if kind == TEMPORARY:
            assert isinstance(objects, LeavesTemporaryFiles)
            objects.drop_temporary_file(key)
        elif key in needed and not is_there(objects, key):
            done.put_back += put_back(objects, key)
            continue
        else:
            purge(objects, key)
        done.deleted += 1
        done.deleted_bytes += size


def _purge_what_was_erased(store: Store) -> None:
    """Delete what was moved to the trash, or compacted, after a concurrent erasure had searched there."""
    objects, erasures = store.objects, read_erasures(store.objects)
    if erasures.is_none:
        return
    for trashed in list(objects.list(layout.TRASH)):
        key = trashed.removeprefix(layout.TRASH)
        if erasures.is_gone(key) or key.startswith(layout.COMPACTED):
            purge(objects, key)
    in_use = compacted_in_use(store)
    for key in list(objects.list(layout.COMPACTED)):
        if key not in in_use:
            with around("collection.drop_compacted"):
                objects.delete(key)


def _batches(rows: pl.DataFrame) -> Iterable[Sequence[tuple[str, int, str]]]:
    ordered = sorted(rows.select("key", "size_bytes", "kind").iter_rows(), key=lambda row: (_FIRST.get(row[2], 2), row[0]))
    for start in range(0, len(ordered), BATCH):
        yield ordered[start : start + BATCH]
