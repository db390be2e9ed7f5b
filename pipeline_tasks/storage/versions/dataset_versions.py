"""Manifests of dataset versions as immutable leaves, so that a new version writes only its changes.

A leaf's name contains the digest of its content (`version_leaves` divides the rows). A version's index names its leaves,
including those of earlier versions; it is written last, so a version exists whole or not at all.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import polars as pl

from pipeline_tasks.errors import AlreadyThereError, CorruptObjectError, NotFoundError
from pipeline_tasks.records.dataset_version import VersionAbout
from pipeline_tasks.storage.blobs.version_index import (
    IndexedLeaf,
    differing_leaves,
    index_bytes,
    index_key,
    leaf_key,
    read_index,
)
from pipeline_tasks.storage.objects.fail_points import around
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.versions.version_leaves import Leaf, choose_digits, cut, parse_leaves

_THREADS = 16
"""Parallel writes: a leaf mostly waits for the disk's sync or the network, and more do not make a disk faster."""
_LEAVES_IN_FLIGHT = 512


def write_version(
    objects: ObjectStore, dataset_id: str, rows: pl.DataFrame, *, about: VersionAbout, earlier: str | None = None
) -> str:
    """Write a version's leaves and then its index; return the index's key. Writing it twice changes nothing.

    `rows` are text columns, including a unique image_id; `about` describes the version; `earlier` is the dataset_id of the
    previous version, whose leaves are reused.
    """
    if has_version(objects, dataset_id):
        return index_key(dataset_id)
    before = None if earlier is None else read_index(objects, earlier)
    standing = {} if before is None else {leaf.sha256: leaf for leaf in before.leaves}
    digits = choose_digits(rows.height, None if before is None else before.prefix_digits)
    rows = rows if rows["image_id"].is_sorted() else rows.sort("image_id")
    leaves = _write_leaves(objects, dataset_id, cut(rows, digits), standing)
    _write(objects, index_key(dataset_id), index_bytes(dataset_id, about, rows.height, digits, leaves))
    return index_key(dataset_id)


def has_version(objects: ObjectStore, dataset_id: str) -> bool:
    """Return True if the version is complete: its index is written after all its leaves."""
    try:
        read_index(objects, dataset_id)
    except NotFoundError:
        return False
    return True


def put_leaf(objects: ObjectStore, key: str, content: bytes) -> None:
    """Write a leaf that replaces one with an erased image.

    Raises:
        CorruptObjectError: other bytes are stored there.
    """
    _write(objects, key, content)


def read_version(objects: ObjectStore, dataset_id: str) -> pl.DataFrame:
    """Read all rows of a version, sorted by image_id.

    Raises:
        NotFoundError: there is no such version, or one of its leaves is missing.
        CorruptObjectError: a leaf was changed.
    """
    return read_leaves(objects, read_index(objects, dataset_id).leaves)


def read_leaves(objects: ObjectStore, leaves: Sequence[IndexedLeaf]) -> pl.DataFrame:
    """Read the rows of some leaves of an index, each leaf verified.

    Raises:
        NotFoundError: a leaf is gone.
        CorruptObjectError: a leaf was changed.
    """
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="leaves") as threads:
        return parse_leaves(threads.map(lambda leaf: read_leaf(objects, leaf), leaves))


def read_leaf(objects: ObjectStore, leaf: IndexedLeaf) -> bytes:
    """Read one leaf's bytes, verified.

    Raises:
        NotFoundError: it does not exist.
        CorruptObjectError: it was changed.
    """
    content = objects.read(leaf.key).content
    if hashlib.sha256(content).hexdigest() != leaf.sha256:
        raise CorruptObjectError(f"{leaf.key}: wanted sha256 {leaf.sha256}, found other bytes")
    return content


def differing_rows(objects: ObjectStore, before: str, after: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of two versions from leaves that are not equal in both; equal leaves are never opened.

    These rows contain all differences between the versions, and some equal rows.

    Raises:
        NotFoundError: there is no such version, or a leaf is gone.
        CorruptObjectError: a leaf was changed.
    """
    one, other = differing_leaves(objects, before, after)
    return read_leaves(objects, one), read_leaves(objects, other)


def _write_leaves(
    objects: ObjectStore, dataset_id: str, leaves: Iterable[Leaf], standing: Mapping[str, IndexedLeaf]
) -> list[IndexedLeaf]:
    """Write the missing leaves while the next ones are prepared; return each leaf's entry for the index."""
    named: list[IndexedLeaf] = []
    writing: deque[Future[None]] = deque()
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="leaves") as threads:
        for leaf in leaves:
            sha256 = hashlib.sha256(leaf.content).hexdigest()
            if sha256 in standing:
                named.append(standing[sha256])
                continue
            key = leaf_key(dataset_id, leaf.prefix, sha256)
            named.append(IndexedLeaf(leaf.prefix, sha256, key, leaf.rows, len(leaf.content)))
            writing.append(threads.submit(_write, objects, key, leaf.content))
            if len(writing) > _LEAVES_IN_FLIGHT:
                writing.popleft().result()
        for one in writing:
            one.result()
    return named


def _write(objects: ObjectStore, key: str, content: bytes) -> None:
    try:
        with around("version.put"):
            objects.write_new(key, content)
    except AlreadyThereError:
        if objects.read(key).content != content:
            raise CorruptObjectError(f"{key}: wanted the bytes it was written with, found others") from None
