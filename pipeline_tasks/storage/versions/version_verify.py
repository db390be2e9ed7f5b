"""Verification that a dataset version can be restored byte for byte, with exactly what is missing or damaged."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import polars as pl

from pipeline_tasks.errors import CorruptObjectError, NotFoundError
from pipeline_tasks.storage.blobs.version_index import IndexedLeaf, index_key, read_index
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.versions.dataset_versions import read_leaf
from pipeline_tasks.storage.versions.version_leaves import parse_leaves

_THREADS = 16


@dataclass(frozen=True)
class Damage:
    """One damaged or missing piece of a version."""

    what: str
    """`index`, `leaf`, `manifest`, `original`, `label` or `table`."""
    key: str
    problem: str
    """`missing`, or what was wanted and found."""
    image_id: str | None = None


def readable_rows(objects: ObjectStore, dataset_id: str) -> tuple[pl.DataFrame, list[Damage]]:
    """Rows of all undamaged leaves, and the damage of index and leaves."""
    try:
        leaves = read_index(objects, dataset_id).leaves
    except NotFoundError:
        return pl.DataFrame(), [Damage("index", index_key(dataset_id), "missing")]
    except CorruptObjectError as error:
        return pl.DataFrame(), [Damage("index", index_key(dataset_id), str(error))]
    damages: list[Damage] = []
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="verify") as threads:
        contents = threads.map(lambda leaf: _leaf_or_damage(objects, leaf), leaves)
        rows = parse_leaves(_whole(contents, damages))
    return rows, damages


def damaged_originals(
    objects: ObjectStore, originals: pl.DataFrame, *, reads_bytes: bool, count: Callable[[int], object]
) -> list[Damage]:
    """Check the originals (image_id, md5, size_bytes): presence and size, or, with `reads_bytes`, every byte.

    `count` is called with the number of newly checked ones.
    """

    def damage_of(row: tuple[str, str, int]) -> Damage | None:
        found = _rot(objects, *row) if reads_bytes else _absence(objects, *row)
        return None if found is None else Damage("original", layout.original(row[1]), found, row[0])

    damages = []
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="verify") as threads:
        for damage in threads.map(damage_of, originals.select("image_id", "md5", "size_bytes").iter_rows()):
            count(1)
            if damage is not None:
                damages.append(damage)
    return damages


def _leaf_or_damage(objects: ObjectStore, leaf: IndexedLeaf) -> bytes | Damage:
    try:
        return read_leaf(objects, leaf)
    except NotFoundError:
        return Damage("leaf", leaf.key, "missing")
    except CorruptObjectError as error:
        return Damage("leaf", leaf.key, str(error).removeprefix(f"{leaf.key}: "))


def _whole(contents: Iterable[bytes | Damage], damages: list[Damage]) -> Iterator[bytes]:
    for content in contents:
        if isinstance(content, Damage):
            damages.append(content)
        else:
            yield content


def _absence(objects: ObjectStore, image_id: str, md5: str, size_bytes: int) -> str | None:
    """Check presence and size by reading an original's last byte; an object of another size gives more bytes or none."""
    try:
        end = objects.read_range(layout.original(md5), size_bytes - 1, 2)
    except NotFoundError:
        return "missing"
    return None if len(end) == 1 else f"wanted {size_bytes} bytes, found {'more' if end else 'fewer'}"


def _rot(objects: ObjectStore, image_id: str, md5: str, size_bytes: int) -> str | None:
    try:
        content = objects.read(layout.original(md5)).content
    except NotFoundError:
        return "missing"
    found = hashlib.sha256(content).hexdigest()
    if found != image_id:
        return f"wanted sha256 {image_id}, found {found} in {len(content)} bytes"
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return None if found == md5 else f"wanted md5 {md5}, found {found}"
