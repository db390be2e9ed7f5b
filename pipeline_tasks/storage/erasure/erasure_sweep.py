"""Deletes what lies in a root under an erased image's name, and what nobody names any more but still speaks of it.

Originals, thumbnails and cached views carry the name in their keys. Of all else only small objects are opened: tables that no
event names, trash, damaged copies, folder objects and records of publications. Checkpoints of open trainings go, too.
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
    """Delete everything of the images that no event and no index names."""
    objects, standing = store.objects, _standing(store)
    records = list(objects.list(layout.PUBLICATIONS))
    folders = {key for key in objects.list(layout.ORIGINALS) if key.endswith(".dir") and _names(objects, key, plan)}
    for key in list(objects.list("")):
        is_record_of_it = key in records and (_names(objects, key, plan) or _has_any(objects, key, folders))
        if is_record_of_it or _goes(objects, key, plan, standing):
            _delete(objects, key)
    # Behind the records that name them, so that a second try still finds these.
    for key in sorted(folders):
        _delete(objects, key)


def _standing(store: Store) -> frozenset[str]:
    """Tables and leaves in use: what is left of them names no erased image any more, and the caller has seen to it."""
    tables = {file.key for files in store.state().tables.values() for file in files}
    leaves = {
        leaf["key"] for dataset_id in version_names(store.objects) for leaf in read_index(store.objects, dataset_id)["leaves"]
    }
    return frozenset(tables | leaves)


def _goes(objects: ObjectStore, key: str, plan: ErasurePlan, standing: frozenset[str]) -> bool:
    if plan.is_named_in(key) or key.endswith(".ckpt"):
        return True
    if key.startswith(_ASIDE):
        # What is damaged or was thrown away may hold anything; models and other people's images are let be.
        inner = key.removeprefix(layout.TRASH) if key.startswith(layout.TRASH) else key.split("/", 2)[2]
        return (inner.endswith(".dir") or not inner.startswith(_NEVER_HOLDS)) and _names(objects, key, plan)
    return key.startswith(_OPENED) and key not in standing and not key.endswith("/index.json") and _names(objects, key, plan)


def _names(objects: ObjectStore, key: str, plan: ErasurePlan) -> bool:
    """Whether an object's content names an image; a table that cannot be read may."""
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
