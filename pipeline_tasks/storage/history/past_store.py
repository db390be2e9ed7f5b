"""Read-only view of a project's root as it was right after one of its events."""

from __future__ import annotations

from pipeline_tasks.errors import StorageError
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.ledger import state
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.tables.compacted_tables import TableReader


class PastStore(Store):
    """A store whose state ends at one event; later events do not exist for it."""

    def __init__(self, objects: ObjectStore, sequence: int) -> None:
        """View the project right after the event with this number."""
        super().__init__(objects)
        self._past = state.state_at(objects, sequence)
        # An erasure that comes later is not seen here: nothing is put together and kept.
        self._reader = TableReader(objects, None)

    def state(self) -> state.State:
        """The project's state at that time."""
        return self._past

    def check_open(self, cycle_id: str, stage: str) -> None:
        """Refuse, because the past cannot be changed.

        Raises:
            StorageError: always.
        """
        raise StorageError(f"cycle {cycle_id}: {stage} cannot write: this store shows the past, up to event {self._past.sequence}")
