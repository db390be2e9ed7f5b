"""Checks of writers against garbage collections that run, or have run since their cycle began."""

from __future__ import annotations

from pipeline_tasks.records.project_state import Collection
from pipeline_tasks.storage.ledger.event_names import names_of
from pipeline_tasks.storage.ledger.events import Event
from pipeline_tasks.storage.ledger.state import State
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.objects.trash import ensure_there

ANNOUNCED_BY, ENDED_BY = "plan_collection", "collect_garbage"


def has_seen_a_collection(state: State, cycle_id: str) -> bool:
    """Return True if objects may have been moved during this cycle; its writers then check that all named objects exist."""
    announced = state.value(Collection)
    if announced is None:
        return False
    ended = state.stages[announced.cycle_id].get(ENDED_BY)
    return ended is None or ended > state.stages.get(cycle_id, {}).get("open_cycle", 0)


def secure(objects: ObjectStore, event: Event, state: State) -> None:
    """Ensure that all objects that an event names exist, before or after it is appended.

    Raises:
        StorageError: an object is neither in the store nor in its trash.
    """
    named = names_of(objects, [event], state)
    ensure_there(objects, named.named_by)
    if named.unreadable:
        # Restored objects are readable again, and name more.
        ensure_there(objects, names_of(objects, [event], state).named_by)
