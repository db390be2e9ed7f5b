"""Write the report of a `tend_storage` cycle: content of the root, its cost, and unneeded objects."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.records.collect_garbage import CollectGarbageSummary
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.plan_collection import PlanCollectionSummary
from pipeline_tasks.records.write_storage_report import WriteStorageReportSummary
from pipeline_tasks.reports.storage_page import render_storage
from pipeline_tasks.reports.storage_use import IntermediateOutput, KindUse, StorageUse, VersionCost
from pipeline_tasks.reports.tree import shortened
from pipeline_tasks.storage.blobs.report_files import PAGE, write_report_file
from pipeline_tasks.storage.care.object_kinds import KINDS
from pipeline_tasks.storage.care.usage import Heap, heaps, version_uses
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.versions.version_history import dataset_versions
from pipeline_tasks.tables.unneeded_object import UnneededObject

STAGE = "write_storage_report"
MAX_VERSIONS = 50
"""Number of newest versions whose cost is counted; each is read whole."""
LINEAGE = {
    "thumbnail": ("measure_images, from the original", "as long as the image is known"),
    "embedded views": ("train_model, recipe {origin}", "while the newest training uses the recipe"),
    "part": ("measure_images of cycle {origin}", "until record_images of the cycle is done"),
    "checkpoint": ("train_model of cycle {origin}", "until train_model is done; the candidate stays"),
    "snapshot": ("any reader of the ledger", "the two newest, and one in 1,000 events"),
    "compacted rows": ("any reader of a table", "until more rows come, or a row of it is erased"),
    "report": ("write_cycle_report or write_storage_report, from tables", "for good"),
}
"""Derived kind → the stage that makes it, and how long it is kept."""


def write_storage_report(store: Store, cycle: Cycle) -> WriteStorageReportSummary:
    """Render the report on the root's current content. It is derived: a later call replaces it, and no event names it.

    Raises:
        MissingStageError: nothing was planned in this cycle.
        CorruptObjectError: a version's manifest is damaged.
    """
    use = _use(store, cycle, store.summary(cycle.cycle_id, PlanCollectionSummary))
    return WriteStorageReportSummary(
        report_key=write_report_file(store.objects, cycle.cycle_id, PAGE, render_storage(use).encode()),
        objects=sum(kind.objects for kind in use.kinds),
        size_bytes=sum(kind.size_bytes for kind in use.kinds),
        trash_objects=use.trash_objects,
        trash_bytes=use.trash_bytes,
    )


def _use(store: Store, cycle: Cycle, plan: PlanCollectionSummary) -> StorageUse:
    sizes = dict(store.objects.sizes(""))
    trash = {key: size for key, size in sizes.items() if key.startswith(layout.TRASH)}
    found = heaps({key: size for key, size in sizes.items() if key not in trash})
    unneeded = store.read(UnneededObject, cycle.cycle_id)
    versions, settings = dataset_versions(store), cycle.project.housekeeping
    return StorageUse(
        project=cycle.project.project,
        cycle_id=cycle.cycle_id,
        planned_at=cycle.started_at,
        code_version=cycle.code_version,
        plan=plan,
        collection=store.find_summary(cycle.cycle_id, CollectGarbageSummary),
        kinds=tuple(_kinds(found, unneeded)),
        trash_objects=len(trash),
        trash_bytes=sum(trash.values()),
        outputs=tuple(_outputs(found)),
        versions=tuple(_versions(store)),
        versions_left_out=max(0, len(versions) - MAX_VERSIONS),
        unneeded=unneeded,
        price_per_gb_month=settings.price_per_gb_month,
        currency=settings.currency,
        time_zone=cycle.project.time_zone,
    )


def _kinds(found: list[Heap], unneeded: pl.DataFrame) -> list[KindUse]:
    """Totals by kind, with those of objects that the plan found unneeded, wherever they are now."""
    in_place = unneeded.filter(pl.col("action").is_in(["wait", "trash"]))
    uses = []
    for kind in dict.fromkeys(heap.kind for heap in found):
        heap_sizes = [(heap.objects, heap.size_bytes) for heap in found if heap.kind == kind]
        rows = in_place.filter(pl.col("kind") == kind)
        objects, size_bytes = (sum(column) for column in zip(*heap_sizes, strict=True))
        uses.append(KindUse(kind, objects, size_bytes, rows.height, int(rows["size_bytes"].sum())))
    return uses


def _outputs(found: list[Heap]) -> list[IntermediateOutput]:
    made_again = {kind.name for kind in KINDS if kind.is_made_again}
    outputs = []
    for heap in found:
        if heap.kind in made_again:
            made_by, goes = LINEAGE[heap.kind]
            made_by = made_by.format(origin=shortened(heap.origin))
            outputs.append(IntermediateOutput(heap.kind, made_by, heap.objects, heap.size_bytes, goes))
    return outputs


def _versions(store: Store) -> list[VersionCost]:
    versions = dataset_versions(store)[-MAX_VERSIONS:]
    uses = version_uses(store, versions)
    costs = []
    for version in reversed(versions):
        use = uses[version.dataset_id]
        own = (use.images, use.originals_bytes, use.own_bytes, use.manifest_bytes)
        costs.append(VersionCost(version.dataset_id, version.cycle_id, *own))
    return costs
