"""Deletion of objects whose key contains an erased image's name, and of unneeded objects that still mention it.

Originals, thumbnails and cached views have the name in their keys. Of other objects only small ones are opened: tables that no
event names, trash, damaged copies, folder objects and records of publications. Checkpoints of open trainings and compacted
tables are deleted unopened: both are made again.
"""

from __future__ import annotations

import io

import polars as pl

from pipeline_tasks.errors import CorruptObjectError, NotFoundError
from pipeline_tasks.storage.blobs.version_index import read_index
from pipeline_tasks.storage.erasure.erased_versions import version_names
from pipeline_tasks.storage.erasure.erasure_plan import ErasurePlan
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.fail_points import around
from pipeline_tasks.storage.objects.object_store import ObjectStore

_ASIDE = (layout.TRASH, layout.SET_ASIDE)
_OPENED = (layout.TABLES, layout.VERSIONS, "annotation_log/")
_NEVER_HOLDS = (layout.ORIGINALS, "derived/", "models/", layout.LEDGER, layout.SNAPSHOTS, layout.PUBLICATIONS)


def sweep(store: Store, plan: ErasurePlan) -> None:
    """Delete all objects of the images that no event and no index names."""
    objects, standing = store.objects, _standing(store)
    records = list(objects.list(layout.PUBLICATIONS))
    folders = {key for key in objects.list(layout.ORIGINALS) if key.endswith(".dir") and _names(objects, key, plan)}
    for key in list(objects.list("")):
        is_record_of_it = key in records and (_names(objects, key, plan) or _has_any(objects, key, folders))
        if is_record_of_it or _goes(objects, key, plan, standing):
            _delete(objects, key)
    # After the records that name them, so that a second try still finds these.
    for key in sorted(folders):
        _delete(objects, key)


def _standing(store: Store) -> frozenset[str]:
    """Tables and leaves in use; the caller has already removed the erased images from them."""
    tables = {file.key for files in store.state().tables.values() for file in files}
    leaves = {leaf.key for dataset_id in version_names(store.objects) for leaf in read_index(store.objects, dataset_id).leaves}
    return frozenset(tables | leaves)


def _goes(objects: ObjectStore, key: str, plan: ErasurePlan, standing: frozenset[str]) -> bool:
    if plan.is_named_in(key) or key.endswith(".ckpt") or _is_compacted(key):
        return True
    if key.startswith(_ASIDE):
        # Damaged or trashed objects may hold anything; models and other images are left alone.
        inner = key.removeprefix(layout.TRASH) if key.startswith(layout.TRASH) else key.split("/", 2)[2]
        return (inner.endswith(".dir") or not inner.startswith(_NEVER_HOLDS)) and _names(objects, key, plan)
    return key.startswith(_OPENED) and key not in standing and not key.endswith("/index.json") and _names(objects, key, plan)


def _is_compacted(key: str) -> bool:
    """Also one in the trash, or damaged and set aside."""
    return f"/{layout.COMPACTED}" in f"/{key}"


def _names(objects: ObjectStore, key: str, plan: ErasurePlan) -> bool:
    """Return True if an object's content names an image; a table that cannot be read is assumed to."""
    try:
        content = objects.read(key).content
    except NotFoundError:
        return False
    if not key.endswith(".parquet"):
        return plan.is_named_in(content.decode("utf-8", "replace"))
    try:
        rows = pl.read_parquet(io.BytesIO(content))
    except (pl.exceptions.PolarsError, OSError):
        return True
    texts = [rows[name] for name, kind in rows.schema.items() if kind == pl.String()]
    return any(bool(column.str.contains_any(list(plan.names)).any()) for column in texts)


def _has_any(objects: ObjectStore, key: str, folders: set[str]) -> bool:
    try:
        content = objects.read(key).content.decode("utf-8", "replace")
    except (NotFoundError, CorruptObjectError):
        return False
    return any(folder in content for folder in folders)


def _delete(objects: ObjectStore, key: str) -> None:
    with around("erasure.delete"):
        objects.delete(key)
