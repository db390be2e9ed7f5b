"""Carry out the plan of a collection: move unneeded objects to the trash, delete old ones there, put needed ones back."""

from __future__ import annotations

import logging

from pipeline_tasks.records.collect_garbage import CollectGarbageSummary
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.plan_collection import PlanCollectionSummary
from pipeline_tasks.storage.care.collecting import Collected, collect
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.unneeded_object import UnneededObject

STAGE = "collect_garbage"

logger = logging.getLogger(__name__)


def collect_garbage(store: Store, cycle: Cycle) -> CollectGarbageSummary:
    """Carry out the cycle's plan; after a crash, clearing the task completes it.

    Raises:
        MissingStageError: nothing was planned in this cycle.
        StorageError: a needed object in the trash is damaged.
    """
    standing = store.finished(cycle.cycle_id, STAGE, CollectGarbageSummary)
    if standing is not None:
        return standing
    planned = store.summary(cycle.cycle_id, PlanCollectionSummary)
    if planned.is_dry_run:
        return store.finish(cycle.cycle_id, STAGE, CollectGarbageSummary("This is a dry run: nothing was changed."))
    done = collect(store, store.read(UnneededObject, cycle.cycle_id), planned.ledger_read_to, _log)
    return store.finish(cycle.cycle_id, STAGE, _summary(done))


def _summary(done: Collected) -> CollectGarbageSummary:
    return CollectGarbageSummary(
        skipped=None,
        moved_to_trash=done.moved,
        moved_bytes=done.moved_bytes,
        moved_by_kind=dict(sorted(done.kinds.items())),
        deleted=done.deleted,
        deleted_bytes=done.deleted_bytes,
        put_back=done.put_back,
        spared=done.spared,
    )


def _log(done: int, of: int) -> None:
    logger.info("looked at %d of %d objects", done, of)
