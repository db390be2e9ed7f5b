"""How the ledger tells writers that a collection runs, or has run since their cycle began."""

from __future__ import annotations

from pipeline_tasks.records.project_state import Collection
from pipeline_tasks.storage.ledger.event_names import names_of
from pipeline_tasks.storage.ledger.events import Event
from pipeline_tasks.storage.ledger.state import State
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.objects.trash import ensure_there

ANNOUNCED_BY, ENDED_BY = "plan_collection", "collect_garbage"


def has_seen_a_collection(state: State, cycle_id: str) -> bool:
    """Whether objects may have been moved while this cycle ran: then its writers look whether all that they named is there."""
    announced = state.value(Collection)
    if announced is None:
        return False
    ended = state.stages[announced.cycle_id].get(ENDED_BY)
    return ended is None or ended > state.stages.get(cycle_id, {}).get("open_cycle", 0)


def secure(objects: ObjectStore, event: Event, state: State) -> None:
    """See to it that all that an event names is in its place, before or after it is appended.

    Raises:
        StorageError: something is neither in the store nor in its trash.
    """
    named = names_of(objects, [event], state)
    ensure_there(objects, named.named_by)
    if named.unreadable:
        # What had been collected is readable again, and names more.
        ensure_there(objects, names_of(objects, [event], state).named_by)
