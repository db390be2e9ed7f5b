"""Records of several stages of one cycle at once."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline_tasks.records.by_stage import RECORDS, CycleRecords
from pipeline_tasks.storage.history.store import Store


def read_cycle_records(store: Store, cycle_id: str, stages: Iterable[str]) -> CycleRecords:
    """Read the records of the given stages that the cycle has completed.

    Raises:
        CorruptObjectError: a record lacks a field.
    """
    found = (store.find_summary(cycle_id, RECORDS[stage]) for stage in stages)
    return CycleRecords(tuple(one for one in found if one is not None))
