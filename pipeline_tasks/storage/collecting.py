"""Garbage collection in two phases: what nobody has needed for a while goes to the trash, and after another while for good.

Nothing here trusts a clock or a lock against writers that run beside it. A writer may find an object that is garbage already,
build on it, and name it in an event while it is being moved. So a real collection is announced by an event before it moves
anything; the collector looks for new events before and after each batch that it moves, and puts back what these name; and a
writer whose cycle has seen a collection looks, after its own event, whether all that it names is there (`Store.finish`).
Whichever of the two comes last sees the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import polars as pl

from pipeline_tasks.storage import layout
from pipeline_tasks.storage.kinds import kind_of
from pipeline_tasks.storage.ledger import events_after
from pipeline_tasks.storage.named_objects import names_of
from pipeline_tasks.storage.objects import ObjectStore
from pipeline_tasks.storage.published_files import publications
from pipeline_tasks.storage.references import References, references
from pipeline_tasks.storage.store import Store
from pipeline_tasks.storage.trash import is_there, move_to_trash, purge, put_back
from pipeline_tasks.tables.table import Rows, empty
from pipeline_tasks.tables.unneeded_object import UnneededObject

BATCH = 100
Row = dict[str, object]
_FIRST = {"part": 0, "version index": 1}
"""What names others is moved before them, so that nobody finds it whole and builds on what has gone."""


@dataclass(frozen=True)
class Patience:
    """How long a collection waits, in seconds."""

    young_s: float
    """Between the plan that first finds an object unneeded and the one that moves it."""
    trash_s: float
    """Between the plan that moves it and the one that deletes it for good."""
    abandoned_s: float
    """Since a cycle began, until what it put down for its own later stages is needed no more."""
    damaged_s: float
    """As `young_s`, for damaged bytes that were set aside."""


@dataclass
class Collected:
    """What a collection did."""

    moved: int = 0
    deleted: int = 0
    put_back: int = 0
    spared: int = 0
    """Planned, but somebody named them meanwhile, or they had gone already."""
    moved_bytes: int = 0
    deleted_bytes: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    """Kind → objects moved."""


def plan(store: Store, now: datetime, patience: Patience) -> Rows[UnneededObject]:
    """What nobody needs now, and what is to be done with each; changes nothing.

    Raises:
        StorageError: something that names objects cannot be read.
    """
    sizes = dict(store.objects.sizes(""))
    found = references(store, sizes, now, patience.abandoned_s)
    before = _earlier_plan(store)
    rows = [*_unneeded(sizes, found, before, now, patience), *_in_trash(sizes, found, before, now, patience)]
    return UnneededObject.validate(pl.DataFrame(rows, schema=empty(UnneededObject).schema).sort("key"), cast=True)


def collect(
    store: Store, planned: pl.DataFrame, planned_in: int, tell: Callable[[int, int], None] = lambda done, of: None
) -> Collected:
    """Carry out a plan that the event of this number holds; broken off, it can be carried out again.

    Raises:
        StorageError: an object that is needed lies damaged in the trash.
    """
    done, named = Collected(), _NamedSince(store.objects, planned_in)
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
    return done


def _unneeded(sizes: dict[str, int], found: References, before: dict[str, Row], now: datetime, patience: Patience) -> Iterator[Row]:
    """What lies in its place and nobody needs."""
    for key, size in sizes.items():
        if key.startswith(layout.TRASH) or found.why_kept(key) is not None:
            continue
        kind = kind_of(key).name
        first_seen_at = _time(before, key, "first_seen_at") or now
        wait_s = patience.damaged_s if kind == "damaged bytes" else patience.young_s
        # A plan's own finding never moves anything: what it saw first, a later one moves.
        is_old = key in before and now - first_seen_at >= timedelta(seconds=wait_s)
        yield _row(key, kind, size, first_seen_at, now if is_old else None, "trash" if is_old else "wait")


def _in_trash(sizes: dict[str, int], found: References, before: dict[str, Row], now: datetime, patience: Patience) -> Iterator[Row]:
    """What lies in the trash; what stands in its old place as well is only a copy that a broken off move has left."""
    for trashed, size in sizes.items():
        key = trashed.removeprefix(layout.TRASH)
        if trashed == key or (key in sizes and found.why_kept(key) is None):
            continue
        trashed_at = _time(before, key, "trashed_at") or now
        if key not in sizes and found.why_kept(key) is not None:
            action = "put_back"
        else:
            action = "purge" if now - trashed_at >= timedelta(seconds=patience.trash_s) else "keep_in_trash"
        yield _row(key, kind_of(key).name, size, _time(before, key, "first_seen_at") or now, trashed_at, action)


def _row(key: str, kind: str, size: int, first_seen_at: datetime, trashed_at: datetime | None, action: str) -> Row:
    times = {"first_seen_at": first_seen_at, "trashed_at": trashed_at}
    return {"key": key, "kind": kind, "size_bytes": size, "action": action} | times


def _earlier_plan(store: Store) -> dict[str, Row]:
    """Key → its row in the newest plan; one that it moved has lain in the trash since then."""
    files = store.files(UnneededObject)
    rows = store.read(UnneededObject, files[-1].cycle_id) if files else empty(UnneededObject)
    return {str(row["key"]): row for row in rows.iter_rows(named=True)}


def _time(before: dict[str, Row], key: str, column: str) -> datetime | None:
    moment = before.get(key, {}).get(column)
    return moment if isinstance(moment, datetime) else None


class _NamedSince:
    """What events behind the plan, and publications, name by now."""

    def __init__(self, objects: ObjectStore, sequence: int) -> None:
        self._objects, self._sequence = objects, sequence
        self._keys: set[str] = set()

    def catch_up(self) -> set[str]:
        """All keys named since the plan."""
        events = list(events_after(self._objects, self._sequence))
        if events:
            self._sequence = events[-1].sequence
            self._keys |= set(names_of(self._objects, events).named_by)
        self._keys |= {publication.folder_key for publication in publications(self._objects)}
        return self._keys


def _move(objects: ObjectStore, batch: Sequence[tuple[str, int, str]], named: _NamedSince, done: Collected) -> None:
    needed, moved = named.catch_up(), []
    for key, size, kind in batch:
        if key not in needed and move_to_trash(objects, key):
            moved.append(key)
            done.moved_bytes += size
            done.kinds[kind] += 1
    done.moved += len(moved)
    done.spared += len(batch) - len(moved)
    for key in sorted(named.catch_up().intersection(moved)):
        done.put_back += put_back(objects, key)


def _delete(objects: ObjectStore, batch: Sequence[tuple[str, int, str]], named: _NamedSince, done: Collected) -> None:
    needed = named.catch_up()
    for key, size, _ in batch:
        if key in needed and not is_there(objects, key):
            done.put_back += put_back(objects, key)
            continue
        purge(objects, key)
        done.deleted += 1
        done.deleted_bytes += size


def _batches(rows: pl.DataFrame) -> Iterable[Sequence[tuple[str, int, str]]]:
    ordered = sorted(rows.select("key", "size_bytes", "kind").iter_rows(), key=lambda row: (_FIRST.get(row[2], 2), row[0]))
    for start in range(0, len(ordered), BATCH):
        yield ordered[start : start + BATCH]
