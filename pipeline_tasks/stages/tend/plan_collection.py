"""Find unneeded objects in a project's root, in a cycle of its own kind. By default this is a dry run."""

from __future__ import annotations

from collections import Counter

import polars as pl

from pipeline_tasks.records.cycle import CycleOpening, check_cycle_id
from pipeline_tasks.records.plan_collection import PlanCollectionSummary
from pipeline_tasks.records.project_state import Collection
from pipeline_tasks.settings import HousekeepingSettings
from pipeline_tasks.storage.care.collecting import Patience, plan
from pipeline_tasks.storage.history.cycles import open_manual_cycle
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.unneeded_object import ACTIONS, UnneededObject

STAGE = "plan_collection"
_DAY_S = 86_400.0


def plan_collection(
    store: Store,
    opening: CycleOpening,
    is_dry_run: bool | None = None,
) -> PlanCollectionSummary:
    """Plan a collection; unless it is a dry run, its event announces to all writers that objects will be moved.

    If `is_dry_run` is None, the project's settings decide.

    Raises:
        CycleTakenError: another run owns this cycle_id.
        StorageError: an object that names others cannot be read, so unneeded objects cannot be determined.
    """
    standing = store.finished(check_cycle_id(opening.cycle_id), STAGE, PlanCollectionSummary)
    cycle = open_manual_cycle(store, opening, "tending")
    if standing is not None:
        return standing
    settings = cycle.project.housekeeping
    ledger_read_to = store.state().sequence
    rows = plan(store, cycle.started_at, patience_of(settings), opening.cycle_id)
    is_dry_run = settings.is_dry_run if is_dry_run is None else is_dry_run
    sets = [] if is_dry_run else [Collection(opening.cycle_id)]
    return store.finish(opening.cycle_id, STAGE, _summary(rows, is_dry_run, ledger_read_to), [(UnneededObject, rows)], sets=sets)


def patience_of(settings: HousekeepingSettings) -> Patience:
    """The settings' days in seconds."""
    days = (settings.young_days, settings.trash_days, settings.abandoned_days, settings.damaged_days)
    return Patience(*(one * _DAY_S for one in days))


def _summary(rows: pl.DataFrame, is_dry_run: bool, ledger_read_to: int) -> PlanCollectionSummary:
    by_action = {action: rows.filter(pl.col("action") == action) for action in ACTIONS}
    in_place = rows.filter(pl.col("action").is_in(["wait", "trash"]))
    return PlanCollectionSummary(
        is_dry_run,
        {action: frame.height for action, frame in by_action.items()},
        {action: int(frame["size_bytes"].sum()) for action, frame in by_action.items()},
        ledger_read_to,
        dict(sorted(Counter(in_place["kind"].to_list()).items())),
    )
