"""Erasure of images from a root in three steps, each safe to interrupt: write replacements, write one event, delete.

Tables, leaves and revisions are named by their content and events never change, so the erasure's event maps each replaced object
to its replacement, and the fold of the state follows it. Before that event nothing is lost; after it the plan lists what is still
to be deleted, and the plan itself is deleted last.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

from pipeline_tasks.errors import AlreadyThereError, StorageError
from pipeline_tasks.storage.blobs.annotation_log import list_revisions
from pipeline_tasks.storage.blobs.version_index import index_key
from pipeline_tasks.storage.erasure.erased_reports import cut_out_of_reports
from pipeline_tasks.storage.erasure.erased_rows import changed_files, rows_left
from pipeline_tasks.storage.erasure.erased_versions import changed_versions, write_changed_leaves
from pipeline_tasks.storage.erasure.erasure_plan import ErasurePlan
from pipeline_tasks.storage.erasure.erasure_sweep import sweep
from pipeline_tasks.storage.history.past_store import PastStore
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.ledger.replacement import Replaced, Replacement
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.fail_points import around
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.objects.trash import is_there
from pipeline_tasks.storage.tables.table_files import decode, encode, write_table
from pipeline_tasks.tables.catalog import ALL_TABLES

_BY_NAME = {table.table_name: table for table in ALL_TABLES}


@dataclass
class Reach:
    """Extent of an erasure in a root."""

    rows_by_table: dict[str, int] = field(default_factory=dict)
    """Table → number of rows removed."""
    splits_by_version: dict[str, list[str]] = field(default_factory=dict)
    """dataset_id → the split of each erased image in it."""
    revisions: int = 0
    """Number of annotation revisions in the annotation log."""
    replaced: dict[str, Replacement | None] = field(default_factory=dict)
    """Replacements for the event; empty after a dry run."""


def reach_of(store: Store, plan: ErasurePlan, cycle_id: str, *, writes: bool) -> Reach:
    """Find what names the images; with `writes` also write the replacements. Deletes nothing and writes no event.

    Raises:
        CorruptObjectError: an object does not have the digest in its name; mend it before erasing.
    """
    reach = Reach()
    for found in changed_files(store, plan):
        gone = found.file.rows - found.rows.height
        reach.rows_by_table[found.file.table] = reach.rows_by_table.get(found.file.table, 0) + gone
        if writes:
            written = write_table(store.objects, found.table, found.file.cycle_id, found.rows)
            reach.replaced[found.file.key] = Replacement(written.key, written.rows, written.sha256)
    changed = changed_versions(store.objects, plan, cycle_id)
    reach.splits_by_version = {dataset_id: sorted(splits.values()) for dataset_id, splits in sorted(changed.splits.items())}
    if writes:
        reach.replaced |= write_changed_leaves(store.objects, changed)
        for dataset_id, content in changed.indexes.items():
            key = index_key(dataset_id)
            reach.replaced[key] = Replacement(key, 0, hashlib.sha256(content).hexdigest())
    reach.revisions = _revisions(store.objects, plan, cycle_id, reach.replaced if writes else None)
    return reach


def finish_erasure(store: Store, cycle_id: str, stage: str, plan: ErasurePlan) -> None:
    """After the event: replace objects that keep their key, then delete. Safe to run again after an interruption.

    Raises:
        StorageError: an object still names an image; the message lists them.
        ChangedMeanwhileError: a task wrote into an open cycle at the same moment; a retry continues.
    """
    objects, event = store.objects, store.event(cycle_id, stage)
    assert event is not None
    _replace_indexes(objects, changed_versions(objects, plan, cycle_id).indexes)
    cut_out_of_reports(objects, plan)
    _cut_out_of_shards(objects, plan)
    delete_replaced(objects, event.replaced)
    sweep(store, plan)
    # Later nights list the file again if its source still has it, and refuse it.
    then = PastStore(objects, event.sequence)
    left = [found.file.key for found in changed_files(then, plan)]
    left += [f"version {dataset_id}" for dataset_id in changed_versions(objects, plan, cycle_id).indexes]
    if left:
        raise StorageError(f"erasure {cycle_id}: wanted no object that names an erased image, found {', '.join(left)}")


def delete_replaced(objects: ObjectStore, replaced: Replaced) -> int:
    """Delete the replaced objects; return the number that existed."""
    standing = {found.key for found in replaced.values() if found is not None}
    gone = [key for key in replaced if key not in standing and is_there(objects, key)]
    for key in gone:
        with around("erasure.delete_replaced"):
            objects.delete(key)
    return len(gone)


def _revisions(objects: ObjectStore, plan: ErasurePlan, cycle_id: str, replaced: dict[str, Replacement | None] | None) -> int:
    """Count the annotation revisions on the images; with `replaced`, replace each annotation's content with a tombstone."""
    count = 0
    for annotation_id in plan.annotation_ids:
        content = json.dumps({"annotation_id": annotation_id, "erased_in": cycle_id}, sort_keys=True).encode()
        sha256 = hashlib.sha256(content).hexdigest()
        revisions = [revision for _, revision in list_revisions(objects, annotation_id) if revision != sha256]
        count += len(revisions)
        if replaced is None or not revisions:
            continue
        key = layout.annotation_revision(annotation_id, sha256)
        _put_tombstone(objects, key, content)
        for revision in revisions:
            replaced[layout.annotation_revision(annotation_id, revision)] = Replacement(key, 0, sha256)
    return count


def _put_tombstone(objects: ObjectStore, key: str, content: bytes) -> None:
    try:
        with around("erasure.tombstone"):
            objects.write_new(key, content)
    except AlreadyThereError:
        return  # The name is the digest of the content.


def _replace_indexes(objects: ObjectStore, indexes: dict[str, bytes]) -> None:
    for dataset_id, content in indexes.items():
        standing = objects.read(index_key(dataset_id))
        with around("erasure.index"):
            objects.replace(index_key(dataset_id), content, standing.etag)


def _cut_out_of_shards(objects: ObjectStore, plan: ErasurePlan) -> None:
    """Remove the images from the shards of mapped tasks, also in a cycle that is open now."""
    no_heirs: dict[str, dict[str, str]] = {"duplicate_group_id": {}, "split_group_id": {}}
    for key in list(objects.list("parts/")):
        standing, table = objects.read(key), _BY_NAME[key.split("/")[1]]
        before = decode(table, standing.content, key)
        after = rows_left(table, before, plan, no_heirs)
        if not after.equals(before):
            with around("erasure.part"):
                objects.replace(key, encode(table, after), standing.etag)
