"""Removal of an image from every dataset version: its leaf is replaced, and the index shows a tombstone.

A version keeps its name, the digest of its original content, which can then no longer be recomputed from the rows. The remaining
leaves are verified by the index, which is sealed and whose digest is in the erasure's event.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline_tasks.storage.blobs.version_index import IndexedLeaf, Tombstone, index_without, read_index
from pipeline_tasks.storage.erasure.erasure_plan import ErasurePlan
from pipeline_tasks.storage.ledger.replacement import Replacement
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.versions.dataset_versions import put_leaf, read_leaf
from pipeline_tasks.storage.versions.version_leaves import parse_leaves


@dataclass
class ChangedVersions:
    """Changes of an erasure to the versions."""

    leaves: dict[str, tuple[IndexedLeaf, bytes]] = field(default_factory=dict)
    """Key of a leaf that names an image → the new leaf with its bytes; no bytes if it has no rows left."""
    indexes: dict[str, bytes] = field(default_factory=dict)
    """dataset_id → its new index."""
    splits: dict[str, dict[str, str]] = field(default_factory=dict)
    """dataset_id → erased image_id → its split."""


def changed_versions(objects: ObjectStore, plan: ErasurePlan, cycle_id: str) -> ChangedVersions:
    """Find the leaves that name an image, by their prefixes, and compute their replacements; writes nothing.

    Raises:
        CorruptObjectError: an index or a leaf is damaged; mend it before erasing.
    """
    changed, splits_of = ChangedVersions(), dict[str, dict[str, str]]()
    for dataset_id in version_names(objects):
        for leaf in read_index(objects, dataset_id).leaves:
            if not any(one.startswith(leaf.prefix) for one in plan.tombstones):
                continue
            if leaf.key not in splits_of:
                splits_of[leaf.key] = _look_into(objects, leaf, plan, changed)
            if splits_of[leaf.key]:
                changed.splits[dataset_id] = changed.splits.get(dataset_id, {}) | splits_of[leaf.key]
    for dataset_id, splits in changed.splits.items():
        shown = [Tombstone(plan.tombstones[one], split, cycle_id) for one, split in sorted(splits.items())]
        shown.sort(key=lambda one: one.tombstone)
        changed.indexes[dataset_id] = index_without(
            objects, dataset_id, {key: one for key, (one, _) in changed.leaves.items()}, shown
        )
    return changed


def version_names(objects: ObjectStore) -> Iterator[str]:
    """Names of all versions that have an index, including those that no event names."""
    yield from (key.split("/")[1] for key in objects.list(layout.VERSIONS) if key.endswith("/index.json"))


def write_changed_leaves(objects: ObjectStore, changed: ChangedVersions) -> dict[str, Replacement | None]:
    """Write the leaves; return, for the event, each replaced key with its replacement."""
    replaced: dict[str, Replacement | None] = {}
    for key, (leaf, content) in changed.leaves.items():
        if content:
            put_leaf(objects, leaf.key, content)
        replaced[key] = Replacement(leaf.key, leaf.rows or 0, leaf.sha256) if content else None
    return replaced


def _look_into(objects: ObjectStore, leaf: IndexedLeaf, plan: ErasurePlan, changed: ChangedVersions) -> dict[str, str]:
    """Record the replacement of a leaf that names an image; return image_id → split of the images it names."""
    content = read_leaf(objects, leaf)
    lines = content.splitlines(keepends=True)
    kept = [line for line in lines if not plan.is_named_in(line.decode())]
    if len(kept) == len(lines):
        return {}
    rows = len(kept) - (0 if content.startswith(b"{") else 1)
    left = b"".join(kept) if rows else b""
    sha256 = hashlib.sha256(left).hexdigest()
    key = f"{leaf.key.rpartition('-')[0]}-{sha256[:24]}.{leaf.key.rpartition('.')[2]}"
    changed.leaves[leaf.key] = IndexedLeaf(leaf.prefix, sha256, key, rows, len(left)), left
    found = parse_leaves([content])
    return {one: split for one, split in found.select("image_id", "split").iter_rows() if one in plan.tombstones}
