"""Storage use of a root by kind, and of each dataset version."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from pipeline_tasks.storage.blobs.version_index import read_index
from pipeline_tasks.storage.care.object_kinds import cycle_of, kind_of
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.versions.dataset_versions import read_version
from pipeline_tasks.storage.versions.version_history import VersionRecord
from pipeline_tasks.tables.image import Image


@dataclass(frozen=True)
class Heap:
    """Objects of one kind, further divided by cycle or recipe if the kind has one."""

    kind: str
    origin: str
    """The cycle of shards and checkpoints, the recipe of derived images, else empty."""
    objects: int
    size_bytes: int


@dataclass(frozen=True)
class VersionUse:
    """Objects that a version keeps in the root, in bytes."""

    images: int
    originals_bytes: int
    own_bytes: int
    manifest_bytes: int


def heaps(sizes: Mapping[str, int]) -> list[Heap]:
    """Sum objects by kind and by cycle or recipe, in the order of the keys."""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for key, size in sizes.items():
        found[kind_of(key).name, _origin_of(key)].append(size)
    return [Heap(kind, origin, len(members), sum(members)) for (kind, origin), members in found.items()]


def version_uses(store: Store, versions: Iterable[VersionRecord]) -> dict[str, VersionUse]:
    """dataset_id → its use; each version is read whole."""
    size_of = store.history(Image, ["image_id", "size_bytes"]).unique("image_id", keep="first")
    held: dict[str, pl.DataFrame] = {}
    for version in versions:
        rows = read_version(store.objects, version.dataset_id).select("image_id")
        held[version.dataset_id] = rows.join(size_of, on="image_id", how="left")
    times = Counter[str]()
    for rows in held.values():
        times.update(rows["image_id"])
    return {dataset_id: _use(store, dataset_id, rows, times) for dataset_id, rows in held.items()}


def _use(store: Store, dataset_id: str, rows: pl.DataFrame, times: Counter[str]) -> VersionUse:
    sizes = rows["size_bytes"].fill_null(0).to_list()
    own = sum(size for image_id, size in zip(rows["image_id"], sizes, strict=True) if times[image_id] == 1)
    folder = layout.version_file(dataset_id, "")
    leaves = read_index(store.objects, dataset_id).leaves
    written = sum(leaf.size_bytes or 0 for leaf in leaves if leaf.key.startswith(folder))
    return VersionUse(rows.height, sum(sizes), own, written)


def _origin_of(key: str) -> str:
    """The cycle or recipe of a key, which divides the objects of a kind."""
    kind = kind_of(key).name
    return key.split("/")[1] if kind in ("thumbnail", "embedded views") else cycle_of(key) or ""
