"""Objects that a root must hold, with their digests: all that events, version indexes, images' rows and the pointer name."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from pipeline_tasks.errors import CorruptObjectError, StorageError
from pipeline_tasks.storage.blobs.serving_pointer import read_pointer
from pipeline_tasks.storage.ledger.event_names import NamedObjects, add_leaves, add_names_of
from pipeline_tasks.storage.ledger.events import Event, read_event
from pipeline_tasks.storage.ledger.state import State, digest_of_fold
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.object_store import ObjectStore

THREADS = 16


def named_objects(objects: ObjectStore, *, with_strays: bool = True) -> NamedObjects:
    """Gather from all events, then from the objects they name; an unreadable object adds nothing more.

    `with_strays` also gathers from version indexes that no event names.
    """
    named = NamedObjects()
    events = _events(objects, named)
    whole = [event for event in events if event is not None]
    _add_snapshots(objects, named, events)
    add_names_of(objects, named, whole, _fold(whole))
    if with_strays:
        strays = {key for key in objects.list(layout.VERSIONS) if key.endswith("/index.json")}
        add_leaves(objects, named, strays - set(named.named_by))
    for key in objects.list(layout.ERASURE_PLANS):
        named.add(key, "an erasure that is not done")
    _add_served_models(objects, named)
    return named


def _events(objects: ObjectStore, named: NamedObjects) -> list[Event | None]:
    """All events in order, None for one that is missing or damaged: sequence numbers have no gaps."""
    last = max((_number(key) for prefix in (layout.LEDGER, layout.SNAPSHOTS) for key in objects.list(prefix)), default=0)
    for sequence in range(1, last + 1):
        named.add(layout.event(sequence), f"the ledger, which goes up to {last}")

    def event_at(sequence: int) -> Event | None:
        try:
            return read_event(objects, sequence)
        except (StorageError, OSError):
            named.unreadable.append(layout.event(sequence))
            return None

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(event_at, range(1, last + 1)))


def _fold(events: Iterable[Event]) -> State:
    state = State()
    for event in events:
        state.add(event)
    return state


def _add_snapshots(objects: ObjectStore, named: NamedObjects, events: Iterable[Event | None]) -> None:
    """Snapshots, each of which must be the fold of the events before it; unknown after an event that cannot be read."""
    standing, state = set(objects.list(layout.SNAPSHOTS)), State()
    for event in events:
        if event is None:
            return
        state.add(event)
        key = layout.snapshot(state.sequence)
        if key in standing:
            named.add(key, f"the fold of {state.sequence} events", digest_of_fold(state))


def _add_served_models(objects: ObjectStore, named: NamedObjects) -> None:
    try:
        pointer = read_pointer(objects)
    except CorruptObjectError:
        named.unreadable.append(layout.SERVING_POINTER)
        return
    for route in () if pointer is None else pointer.routes:
        named.add(layout.model(route.model_digest), layout.SERVING_POINTER, route.model_digest)


def _number(key: str) -> int:
    """The sequence number in a key of an event or a snapshot; 0 if it has none."""
    name = key.rpartition("/")[2].removesuffix(".json")
    return int(name) if name.isdecimal() else 0
