"""The events of one stage in all cycles, from a few objects however many nights there were."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import partial

from pipeline_tasks.storage.ledger.events import Event, parse_event, read_event
from pipeline_tasks.storage.ledger.state import State
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.compacted_objects import Compacting
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.objects.spans import spans

_MAX_EVENTS = 4096
"""Maximum number of events in one object."""


def read_stage_events(
    objects: ObjectStore, state: State, stage: str, generation: int, checked: set[str], *, keeps: bool
) -> list[Event]:
    """A stage's events in ledger order. `generation`: of the project, for numbers begin again when it is emptied."""
    sequences, found = _sequences(state, stage), list[Event]()
    compacting = Compacting(
        objects,
        _folder(stage),
        key_of=partial(_key, stage, generation),
        read=lambda sequence: [read_event(objects, sequence)],
        put_together=lambda pieces: [event for piece in pieces for event in piece],
        encode=lambda events: json.dumps([event.as_bytes().decode() for event in events]).encode(),
        decode=lambda content: [parse_event(text.encode(), f"{_folder(stage)}: an event") for text in json.loads(content)],
        still_stand=(lambda _: True) if keeps else None,
        checked=checked,
    )
    for start, end in spans([1] * len(sequences), _MAX_EVENTS):
        run = sequences[start:end]
        found += compacting.read(run[0]) if len(run) == 1 else compacting.decode(compacting.content(run))
    return found


def keys_in_use(state: State, generation: int) -> list[str]:
    """The keys of all compacted objects that a reader of any stage's events would look for."""
    keys = []
    for stage in {stage for stages in state.stages.values() for stage in stages}:
        sequences = _sequences(state, stage)
        cuts = spans([1] * len(sequences), _MAX_EVENTS)
        keys += [_key(stage, generation, sequences[start:end]) for start, end in cuts if end - start > 1]
    return keys


def _sequences(state: State, stage: str) -> list[int]:
    return sorted(stages[stage] for stages in state.stages.values() if stage in stages)


def _folder(stage: str) -> str:
    return layout.compacted(f"events/{stage}", "")


def _key(stage: str, generation: int, sequences: Sequence[int]) -> str:
    made_of = json.dumps([generation, list(sequences)]).encode()
    return layout.compacted(f"events/{stage}", hashlib.sha256(made_of).hexdigest())
