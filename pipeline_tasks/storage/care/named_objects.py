"""Everything that an event, a version's index, an image's row or the pointer names: what a root must hold, in which bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from pipeline_tasks.errors import CorruptObjectError, StorageError, TableContractError
from pipeline_tasks.storage.blobs.serving_pointer import read_pointer
from pipeline_tasks.storage.ledger.events import Event, read_event
from pipeline_tasks.storage.ledger.state import State, digest_of_fold
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.content_names import has_digest, promise_of
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.tables.table_files import TableFile, read_table
from pipeline_tasks.storage.versions.dataset_versions import index_key, read_index
from pipeline_tasks.tables.image import Image

THREADS = 16
_DIGEST_FIELDS = {"settings_key": "settings_sha256", "candidate_key": "candidate_sha256", "index_key": None, "report_key": None}
"""The fields of summaries that name a key, each with the field that holds its digest."""


@dataclass
class NamedObjects:
    """What a root must hold."""

    named_by: dict[str, str] = field(default_factory=dict)
    """Key → who names it."""
    sha256: dict[str, str] = field(default_factory=dict)
    """Key → the digest recorded for it, where one is."""
    unreadable: list[str] = field(default_factory=list)
    """Keys of what could not be read, and may name more."""

    def add(self, key: str, named_by: str, sha256: str | None = None) -> None:
        """Somebody names this key."""
        self.named_by.setdefault(key, named_by)
        if sha256 is not None:
            self.sha256.setdefault(key, sha256)

    def problem(self, key: str, content: bytes) -> str | None:
        """What is wrong with an object's bytes, as a sentence; None if they are those recorded, or those its name promises."""
        promise = has_digest("sha256", self.sha256[key]) if key in self.sha256 else promise_of(key)
        return None if promise is None else promise(content)

    def can_be_checked(self, key: str) -> bool:
        """Whether anything says what the object's bytes must be."""
        return key in self.sha256 or promise_of(key) is not None


def named_objects(objects: ObjectStore, *, with_strays: bool = True) -> NamedObjects:
    """Gather from all events, then from what these name; what cannot be read names nothing more.

    `with_strays` also gathers what the index of a version names that no event names.
    """
    named = NamedObjects()
    events = _events(objects, named)
    whole = [event for event in events if event is not None]
    _add_snapshots(objects, named, events)
    _add_names_of(objects, named, whole, _fold(whole))
    if with_strays:
        strays = {key for key in objects.list(layout.VERSIONS) if key.endswith("/index.json")}
        _add_leaves(objects, named, strays - set(named.named_by))
    for key in objects.list(layout.ERASURE_PLANS):
        named.add(key, "an erasure that is not done")
    _add_served_models(objects, named)
    return named


def names_of(objects: ObjectStore, events: Sequence[Event], state: State) -> NamedObjects:
    """Gather what these events name, and what that names; `state` knows what erasures have replaced."""
    named = NamedObjects()
    _add_names_of(objects, named, events, state)
    return named


def _add_names_of(objects: ObjectStore, named: NamedObjects, events: Sequence[Event], state: State) -> None:
    for event in events:
        _add_what_an_event_names(named, event, state)
    _add_erasures(named, events)
    _add_originals(objects, named, [state.standing(file) for event in events for file in event.tables])
    _add_leaves(objects, named, {key for key in named.named_by if key.startswith(layout.VERSIONS)})


def _events(objects: ObjectStore, named: NamedObjects) -> list[Event | None]:
    """All events in order, None in the place of one that is not there or not whole: numbers leave no gap."""
    last = max((_number(key) for prefix in (layout.LEDGER, layout.SNAPSHOTS) for key in objects.list(prefix)), default=0)
    for sequence in range(1, last + 1):
        named.add(layout.event(sequence), f"the ledger, which goes up to {last}")

    def read(sequence: int) -> Event | None:
        try:
            return read_event(objects, sequence)
        except (StorageError, OSError):
            named.unreadable.append(layout.event(sequence))
            return None

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(read, range(1, last + 1)))


def _fold(events: Iterable[Event]) -> State:
    state = State()
    for event in events:
        state.add(event)
    return state


def _add_what_an_event_names(named: NamedObjects, event: Event, state: State) -> None:
    where = layout.event(event.sequence)
    for file in map(state.standing, event.tables):
        named.add(file.key, where, file.sha256)
    for key_field, digest_field in _DIGEST_FIELDS.items():
        key = event.summary.get(key_field)
        if key:
            named.add(key, where, event.summary.get(digest_field) if digest_field else None)
    for fields in (event.summary, *(value for value in event.sets.values() if isinstance(value, dict))):
        if fields.get("model_digest"):
            named.add(layout.model(fields["model_digest"]), where, fields["model_digest"])
        if event.stage == "build_dataset_version" and fields.get("dataset_id"):
            named.add(index_key(fields["dataset_id"]), where)


def _add_erasures(named: NamedObjects, events: Iterable[Event]) -> None:
    """What stands in the place of erased things; of one key the newest erasure says what it holds."""
    replaced = {key: (event, found) for event in events for key, found in event.replaced.items()}
    for event, found in replaced.values():
        if found is not None and (found["key"] not in replaced or replaced[found["key"]][1] == found):
            named.add(found["key"], layout.event(event.sequence), found["sha256"])
    if replaced:
        named.add(layout.ERASURE_KEY, "the erasures")


def _add_snapshots(objects: ObjectStore, named: NamedObjects, events: Iterable[Event | None]) -> None:
    """A snapshot must be the fold of the events before it; behind an event that cannot be read nobody can say."""
    standing, state = set(objects.list(layout.SNAPSHOTS)), State()
    for event in events:
        if event is None:
            return
        state.add(event)
        key = layout.snapshot(state.sequence)
        if key in standing:
            named.add(key, f"the fold of {state.sequence} events", digest_of_fold(state))


def _add_originals(objects: ObjectStore, named: NamedObjects, files: Iterable[TableFile]) -> None:
    for file in (file for file in files if file.table == Image.table_name):
        try:
            rows = read_table(objects, Image, file)
        except (StorageError, TableContractError, OSError):
            named.unreadable.append(file.key)
            continue
        for image_id, md5 in rows.select("image_id", "md5").iter_rows():
            named.add(layout.original(md5), file.key, image_id)


def _add_leaves(objects: ObjectStore, named: NamedObjects, index_keys: Iterable[str]) -> None:
    for key in sorted(index_keys):
        try:
            leaves = read_index(objects, key.split("/")[1])["leaves"]
        except (StorageError, OSError):
            named.unreadable.append(key)
            continue
        for leaf in leaves:
            named.add(leaf["key"], key, leaf["sha256"])


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
