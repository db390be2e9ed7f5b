"""Ledger: the events of a project, one JSON object each, append-only.

An event's key is the next sequence number and is written only if absent; the loser of a race reads the winner's event
and tries the next number. Objects that no event names do not exist for other stages.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

from pipeline_tasks.errors import AlreadyThereError, CorruptObjectError, NotFoundError
from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.records.project_state import V, value_in
from pipeline_tasks.records.reading import R, read_record
from pipeline_tasks.storage.ledger.replacement import Replaced, Replacement
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.fail_points import around
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.objects.seal import sealed, unsealed
from pipeline_tasks.storage.tables.table_files import TableFile
from pipeline_tasks.upgrades import forms
from pipeline_tasks.upgrades.json_fields import marked, upgraded_fields


@dataclass(frozen=True)
class Event:
    """One change of the project's state; contains no content of images or annotations and no tags of persons."""

    sequence: int
    cycle_id: str
    stage: str
    summary: JsonObject
    tables: tuple[TableFile, ...] = ()
    sets: JsonObject = field(default_factory=dict)
    """Single values of the state that this event changes: `champion`, `dataset`, `engine`, …"""
    replaced: Replaced = field(default_factory=dict)
    """Of an erasure: key of an object with erased content → key, sha256 and rows of its replacement, or None."""

    def read(self, kind: type[R]) -> R:
        """The stage's summary as a record.

        Raises:
            CorruptObjectError: a field is missing or of another type.
        """
        return read_record(kind, self.summary, f"{layout.event(self.sequence)} ({self.stage} of cycle {self.cycle_id})")

    def value(self, kind: type[V]) -> V | None:
        """The state value that this event sets; None if it sets none of this kind.

        Raises:
            CorruptObjectError: the content is not such a value.
        """
        return value_in(self.sets, kind, layout.event(self.sequence))

    def as_bytes(self) -> bytes:
        """The event in its stored form."""
        fields = asdict(self)
        if not self.replaced:
            # Left out as before erasures existed, so that an event has the same bytes in every release.
            del fields["replaced"]
        fields["summary"] = marked(forms.summary_form(self.stage), self.summary)
        return json.dumps(sealed(marked(forms.EVENT, fields)), sort_keys=True, indent=1).encode()


def parse_event(content: bytes, where: str) -> Event:
    """Read an event.

    Raises:
        CorruptObjectError: it is not an event, or damaged.
        NewerFormError: a later Nightlens wrote it.
    """
    try:
        fields = upgraded_fields(forms.EVENT, unsealed(json.loads(content), where), where)
        fields["tables"] = tuple(TableFile(**one) for one in fields["tables"])
        fields["replaced"] = {key: one and Replacement(**one) for key, one in fields.get("replaced", {}).items()}
        fields["summary"] = upgraded_fields(forms.summary_form(fields["stage"]), fields["summary"], where)
        return Event(**fields)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CorruptObjectError(f"{where}: not a ledger event: {error}") from error


def read_event(objects: ObjectStore, sequence: int) -> Event:
    """Read the event with this number.

    Raises:
        NotFoundError: there is none.
        CorruptObjectError: the object is another event, or not an event.
    """
    key = layout.event(sequence)
    event = parse_event(objects.read(key).content, key)
    if event.sequence != sequence:
        raise CorruptObjectError(f"{key}: wanted event {sequence}, found event {event.sequence}")
    return event


def events_after(objects: ObjectStore, sequence: int) -> Iterator[Event]:
    """Yield the events after `sequence` in order, up to the newest."""
    while True:
        sequence += 1
        try:
            yield read_event(objects, sequence)
        except NotFoundError:
            return


def append_event(objects: ObjectStore, event: Event) -> Event | None:
    """Write the event under its sequence number; None if another event took that number first."""
    content = event.as_bytes()
    try:
        with around("ledger.append"):
            objects.write_new(layout.event(event.sequence), content)
    except AlreadyThereError:
        # An earlier try may have succeeded although its response was lost.
        if objects.read(layout.event(event.sequence)).content != content:
            return None
    return event
