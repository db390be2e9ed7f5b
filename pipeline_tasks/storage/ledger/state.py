"""State of a project: the fold of its events in order, never by date, with snapshots as a cache."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

from pipeline_tasks.errors import AlreadyThereError, CorruptObjectError, NewerFormError
from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.records.project_state import Candidate, Champion, Dataset, V, value_in
from pipeline_tasks.storage.ledger.events import Event, events_after
from pipeline_tasks.storage.ledger.replacement import Replacement
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.fail_points import around
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.objects.seal import sealed, unsealed
from pipeline_tasks.storage.tables.table_files import TableFile
from pipeline_tasks.upgrades import forms
from pipeline_tasks.upgrades.json_fields import marked, upgraded_fields

SNAPSHOT_EVERY_EVENTS = 100
LONG_CYCLE_EVENTS = 10
"""Number of events in a cycle after which a snapshot is written, so that later stages read only their own cycle's events."""


@dataclass
class State:
    """Fold of all events up to `sequence`."""

    sequence: int = 0
    stages: dict[str, dict[str, int]] = field(default_factory=dict)
    """cycle_id → stage → sequence of its event, cycles in order of opening."""
    tables: dict[str, list[TableFile]] = field(default_factory=dict)
    """Table name → its files in ledger order."""
    values: JsonObject = field(default_factory=dict)
    """Newest JSON of each single value; read it with `value`."""
    replaced: dict[str, Replacement] = field(default_factory=dict)
    """Key of a table file that an erasure replaced → key, sha256 and rows of its replacement."""

    def value(self, kind: type[V]) -> V | None:
        """The newest value of a kind; None if no event has set one or a later one ended it.

        Raises:
            CorruptObjectError: the content is not such a value.
        """
        return value_in(self.values, kind, f"the state at event {self.sequence}")

    @property
    def champion(self) -> Champion | None:
        """The model in production."""
        return self.value(Champion)

    @property
    def candidate(self) -> Candidate | None:
        """The newest exported model."""
        return self.value(Candidate)

    @property
    def dataset(self) -> Dataset | None:
        """The dataset version that the newest training used or would use."""
        return self.value(Dataset)

    def add(self, event: Event) -> None:
        """Fold in one more event."""
        self.sequence = event.sequence
        self.stages.setdefault(event.cycle_id, {})[event.stage] = event.sequence
        for file in event.tables:
            self.tables.setdefault(file.table, []).append(file)
        self.values.update(event.sets)
        self.redirect({key: found for key, found in event.replaced.items() if found and key.startswith(layout.TABLES)})

    def redirect(self, replaced: Mapping[str, Replacement]) -> None:
        """Replace files by those of an erasure."""
        if replaced:
            self.replaced.update(replaced)
            self.tables = {name: [self.standing(file) for file in files] for name, files in self.tables.items()}

    def standing(self, file: TableFile) -> TableFile:
        """The file that an event names, or its replacement."""
        while (found := self.replaced.get(file.key)) is not None:
            file = replace(file, key=found.key, rows=found.rows, sha256=found.sha256)
        return file


def read_state(objects: ObjectStore) -> State:
    """Fold the ledger, starting from the newest readable snapshot."""
    state = _newest_snapshot(objects)
    return catch_up(objects, state)


def digest_of_fold(state: State) -> str:
    """sha256 of this state's snapshot."""
    return hashlib.sha256(_as_snapshot(state)).hexdigest()


def state_at(objects: ObjectStore, sequence: int) -> State:
    """The state right after the event with this number, except for later erasures."""
    state = _newest_snapshot(objects, sequence)
    for event in events_after(objects, state.sequence):
        if event.sequence > sequence:
            break
        state.add(event)
    state.redirect(read_state(objects).replaced)
    return state


def catch_up(objects: ObjectStore, state: State) -> State:
    """Fold in newer events; write a snapshot now and then, and between two nights."""
    for event in events_after(objects, state.sequence):
        if event.cycle_id not in state.stages and len(next(reversed(state.stages.values()), {})) >= LONG_CYCLE_EVENTS:
            _write_snapshot(objects, state)
        state.add(event)
        if event.sequence % SNAPSHOT_EVERY_EVENTS == 0:
            _write_snapshot(objects, state)
    return state


def _newest_snapshot(objects: ObjectStore, up_to: int | None = None) -> State:
    for key in reversed(list(objects.list(layout.SNAPSHOTS))):
        if up_to is not None and key > layout.snapshot(up_to):
            continue
        try:
            return _parse_snapshot(objects.read(key).content, key)
        except (CorruptObjectError, NewerFormError):
            # A snapshot is a cache: without it the fold starts earlier and gives the same result.
            continue
    return State()


def _write_snapshot(objects: ObjectStore, state: State) -> None:
    try:
        with around("snapshot.put"):
            objects.write_new(layout.snapshot(state.sequence), _as_snapshot(state))
    except AlreadyThereError:
        return


def _as_snapshot(state: State) -> bytes:
    fields = asdict(state)
    if not state.replaced:
        # As before there were erasures: what lies in a root is the fold that it was.
        del fields["replaced"]
    return json.dumps(sealed(marked(forms.SNAPSHOT, fields))).encode()


def _parse_snapshot(content: bytes, where: str) -> State:
    try:
        fields = upgraded_fields(forms.SNAPSHOT, unsealed(json.loads(content), where), where)
        fields["tables"] = {name: [TableFile(**file) for file in files] for name, files in fields["tables"].items()}
        fields["replaced"] = {key: Replacement(**one) for key, one in fields.get("replaced", {}).items()}
        return State(**fields)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CorruptObjectError(f"{where}: not a snapshot: {error}") from error
