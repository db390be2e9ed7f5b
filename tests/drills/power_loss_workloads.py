"""Workloads for power cuts: putting, committing, restoring and collecting, each safe to run again at any point."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from drills.kill_workload import night
from given import STARTED_AT, a_project, an_open_cycle
from given_garbage import DAY, a_tended_project, an_issue
from given_version import a_version
from given_versions import FIRST_NIGHT, a_night, build

from pipeline_tasks.errors import StorageError
from pipeline_tasks.records.cycle import CycleOpening
from pipeline_tasks.stages.tend.collect_garbage import collect_garbage
from pipeline_tasks.stages.tend.plan_collection import plan_collection
from pipeline_tasks.stages.tend.restore_dataset_version import restore_dataset_version
from pipeline_tasks.storage.blobs.originals import put_original
from pipeline_tasks.storage.care.backup import back_up, restore_backup
from pipeline_tasks.storage.history.cycles import read_cycle
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.ledger.generation import empty_project, read_generation
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.tables.table_files import write_shard, write_table
from pipeline_tasks.storage.versions.version_history import dataset_versions
from pipeline_tasks.tables.quality_issue import QualityIssue

RESTORED_IN = "2026-11-22T080000"
Open = Callable[[str], ObjectStore]
"""Opens the root of this name."""


@dataclass(frozen=True)
class Workload:
    """Objects that exist before, and the work in progress at the power cut."""

    prepare: Callable[[Open], None]
    run: Callable[[Open], None]
    compared: Callable[[Mapping[str, bytes]], Mapping[str, bytes]] = dict
    """Objects that must be the same after an interrupted run."""


def two_nights(open_root: Open) -> None:
    """Originals, parts, tables, revisions, checkpoints, versions, models, events, and the pointer's replacement."""
    store = Store(open_root("root"))
    for number in (1, 2):
        night(store, number, lambda key, digest: None)


def one_version(open_root: Open) -> None:
    """A project with a dataset version that can be restored."""
    store = Store(open_root("root"))
    cycle = an_open_cycle(store, "2026-11-21")
    a_night(store, cycle, FIRST_NIGHT, FIRST_NIGHT, "anna")
    build(store, cycle)


def restore(open_root: Open) -> None:
    """Back up, bring the backup into an empty root, and let trainings there use the version again."""
    back_up(open_root("root"), open_root("copy"))
    store = Store(open_root("restored"))
    if store.event(RESTORED_IN, "open_cycle") is None:
        restore_backup(open_root("copy"), store.objects)
    dataset_id = dataset_versions(store)[0].dataset_id
    restore_dataset_version(store, CycleOpening(a_project(), RESTORED_IN, "by hand", STARTED_AT, "test"), dataset_id)


def a_version_beside_garbage(open_root: Open) -> None:
    """A version, and what tries that were broken off have left."""
    store = Store(open_root("root"))
    a_version(store, range(6))
    for number in range(6):
        put_original(store.objects, f"an image {number} that no event names".encode())
    write_table(store.objects, QualityIssue, "2026-11-21", an_issue("left over"))
    write_shard(store.objects, QualityIssue, "2026-11-21", 0, an_issue("part"))


def collect(open_root: Open) -> None:
    """Find garbage, move it to the trash, delete it for good, each at its time; repeat an interrupted move."""
    store = Store(open_root("root"))
    for days in (60, 63, 78, 81, 84, 99):
        moment = STARTED_AT + days * DAY
        cycle_id = f"{moment:%Y-%m-%d}"
        plan_collection(store, CycleOpening(a_tended_project(), cycle_id, "by hand", moment, "test"))
        collect_garbage(store, read_cycle(store, cycle_id))


def without_plans(tree: Mapping[str, bytes]) -> dict[str, bytes]:
    """A collection that is done again plans and counts what the first try left, and what a killed write left is garbage, too."""
    planned = ("/tables/unneeded_objects/", "/snapshots/")
    kept = {path: content for path, content in tree.items() if not any(one in path for one in planned)}
    for path in [path for path in kept if path.startswith("root/ledger/")]:
        event = json.loads(kept[path])
        if event["stage"] in ("plan_collection", "collect_garbage"):
            kept[path] = f"{event['cycle_id']} {event['stage']}".encode()
    return kept


def one_night(open_root: Open) -> None:
    """Something of everything."""
    night(Store(open_root("root")), 1, lambda key, digest: None)


def empty(open_root: Open) -> None:
    """Empty the project, unless that is done."""
    objects = open_root("root")
    try:
        is_done = read_generation(objects) > 1
    except StorageError:
        is_done = False
    if not is_done:
        empty_project(objects)


def nothing(open_root: Open) -> None:
    """Start from an empty folder."""


WORKLOADS = {
    "put and commit": Workload(nothing, two_nights),
    "restore": Workload(one_version, restore),
    "collect": Workload(a_version_beside_garbage, collect, without_plans),
    "empty": Workload(one_night, empty),
}
