"""`versions verify`: check that a dataset version can be restored, and list missing and damaged objects."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import polars as pl

from pipeline_tasks.commands.versions.originals import originals_of
from pipeline_tasks.commands.versions.progress import Progress
from pipeline_tasks.commands.versions.text_table import text_table
from pipeline_tasks.datasets.manifest import dataset_digest, with_digests
from pipeline_tasks.errors import CorruptObjectError, NotFoundError
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.registry import kind_of, kind_of_version
from pipeline_tasks.storage.blobs.version_index import index_key, read_index
from pipeline_tasks.storage.history.cycles import read_cycle
from pipeline_tasks.storage.history.past_store import PastStore
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.versions.version_history import VersionRecord
from pipeline_tasks.storage.versions.version_verify import Damage, damaged_originals, readable_rows
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import LabelObject

T = TypeVar("T")
ERASED_BY = "erase"


@dataclass(frozen=True)
class VersionCheck:
    """Outcome of verifying one dataset version."""

    dataset_id: str
    is_fine: bool
    images: int
    erased: int
    mode: str
    """`full`: every original was read; `fast`: presence and size of originals were checked."""
    damages: list[Damage]


def verify_version(store: Store, version: VersionRecord, progress: Progress, *, reads_bytes: bool) -> VersionCheck:
    """Check the index, every leaf's digest, the dataset_id, every original and every label that the version names.

    Originals are checked for presence and size, or, with `reads_bytes`, read and compared with their sha256 and md5.
    """
    rows, damages = readable_rows(store.objects, version.dataset_id)
    tombstones = () if damages else read_index(store.objects, version.dataset_id).tombstones
    if not damages:
        damages += _check_erasure(store, version.dataset_id) if tombstones else _check_name(store, version.dataset_id, rows)
    if rows.height:
        damages += _check_originals(store, rows, progress, reads_bytes=reads_bytes)
        kind = kind_of(read_cycle(store, version.cycle_id).project)
        damages += _check_labels(PastStore(store.objects, version.sequence), rows, kind)
    mode = "full" if reads_bytes else "fast"
    return VersionCheck(version.dataset_id, not damages, rows.height, len(tombstones), mode, damages)


def as_text(found: VersionCheck) -> str:
    """Format a sentence, and a line for each damage."""
    looked = "every original was read" if found.mode == "full" else "originals checked by presence and size; --full reads them"
    erased = f", {found.erased} erased" if found.erased else ""
    head = f"dataset version {found.dataset_id[:12]}: {found.images} images{erased}, {looked}"
    if found.is_fine:
        return f"{head}\nfine: manifest, originals and labels are complete"
    rows = [[one.what, one.image_id, one.problem, one.key] for one in found.damages]
    return f"{head}\n{len(rows)} damaged:\n{text_table(['what', 'image', 'problem', 'key'], rows)}"


def _check_name(store: Store, dataset_id: str, rows: pl.DataFrame) -> list[Damage]:
    """Compare the dataset_id with the digest of the rows, which finds an index that names other leaves."""
    about = read_index(store.objects, dataset_id).about
    found = dataset_digest(rows, kind_of_version(about.label_kind, about.vocabulary, about.options)) if rows.height else "no rows"
    if found == dataset_id:
        return []
    return [Damage("manifest", index_key(dataset_id), f"wanted rows that digest to {dataset_id}, found {found}")]


def _check_erasure(store: Store, dataset_id: str) -> list[Damage]:
    """Check the index against the erasure's event, because the digest of a version with erased images cannot be recomputed."""
    key = index_key(dataset_id)
    events = [event for cycle_id in store.state().stages if (event := store.event(cycle_id, ERASED_BY)) is not None]
    changes = [event.replaced.get(key) for event in sorted(events, key=lambda one: one.sequence)]
    written = [one for one in changes if one is not None]
    wanted = written[-1].sha256 if written else "that an erasure's event names"
    found = hashlib.sha256(store.objects.read(key).content).hexdigest()
    return [] if found == wanted else [Damage("manifest", key, f"wanted the index of sha256 {wanted}, found {found}")]


def _check_originals(store: Store, rows: pl.DataFrame, progress: Progress, *, reads_bytes: bool) -> list[Damage]:
    known, damages = _read(lambda: originals_of(store, rows), Image.table_name)
    if known is None:
        return damages
    progress.expect(known.height)
    unknown = known.filter(pl.col("md5").is_null())["image_id"]
    damages += [Damage("original", "", "missing: the image is unknown", image_id) for image_id in unknown]
    there = known.drop_nulls("md5")
    return damages + damaged_originals(store.objects, there, reads_bytes=reads_bytes, count=progress.count)


def _check_labels(then: Store, rows: pl.DataFrame, kind: Kind) -> list[Damage]:
    """Check that each image had a label with the version's digest when the version was made."""
    labels, damages = _read(lambda: then.current(Label), Label.table_name)
    objects, more = _read(lambda: then.current(LabelObject), LabelObject.table_name)
    damages += more
    if labels is None or objects is None:
        return damages
    wanted = rows.select("image_id", wanted="label_digest")
    things, said = (table.join(wanted, on="image_id", how="semi") for table in (objects, labels))
    found = with_digests(wanted, said, things, kind).select("image_id", "wanted", found="label_digest")
    for image_id, digest, other in found.filter(~pl.col("wanted").eq_missing(pl.col("found"))).iter_rows():
        problem = "missing" if other is None else f"wanted digest {digest}, found {other}"
        damages.append(Damage("label", f"tables/{LabelObject.table_name}/", problem, image_id))
    return damages


def _read(read: Callable[[], T], table_name: str) -> tuple[T | None, list[Damage]]:
    """The content, or the damage that prevented reading it."""
    try:
        return read(), []
    except (NotFoundError, CorruptObjectError) as error:
        return None, [Damage("table", f"tables/{table_name}/", str(error))]
