"""Manifests of dataset versions as leaves that never change, so that a new version writes only what is new in it.

A leaf's name digests its content (how it is cut: `version_leaves`). A version's index names its leaves, wherever an
earlier version has put them; it is written last, so a version is there whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import polars as pl

from pipeline_tasks.errors import AlreadyThereError, CorruptObjectError, NotFoundError
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.fail_points import around
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.objects.seal import sealed, unsealed
from pipeline_tasks.storage.versions.version_leaves import Leaf, choose_digits, cut, parse_leaves

_INDEX_FORMAT = 2
_THREADS = 16
"""A leaf waits for the disk's sync or the network nearly all the time; beyond this many at once a disk gives nothing more."""
_LEAVES_IN_FLIGHT = 512


def write_version(
    objects: ObjectStore, dataset_id: str, rows: pl.DataFrame, *, about: Mapping[str, Any], earlier: str | None = None
) -> str:
    """Write a version's leaves and then its index; return the index's key. Writing it twice changes nothing.

    `rows` are text columns, image_id among them and unique; `about` says more of the version (classes, label kind);
    `earlier` is the dataset_id of the version before, whose leaves are named instead of written again.
    """
    if has_version(objects, dataset_id):
        return index_key(dataset_id)
    before = None if earlier is None else read_index(objects, earlier)
    standing = {} if before is None else {leaf["sha256"]: leaf for leaf in before["leaves"]}
    digits = choose_digits(rows.height, None if before is None else before["prefix_digits"])
    rows = rows if rows["image_id"].is_sorted() else rows.sort("image_id")
    leaves = _write_leaves(objects, dataset_id, cut(rows, digits), standing)
    index = {"format": _INDEX_FORMAT, "dataset_id": dataset_id, "about": dict(about), "rows": rows.height}
    index |= {"prefix_digits": digits, "leaves": _as_columns(leaves)}
    _write(objects, index_key(dataset_id), _index_bytes(index))
    return index_key(dataset_id)


def index_key(dataset_id: str) -> str:
    """Where a version's index lies."""
    return layout.version_file(dataset_id, "index.json")


def has_version(objects: ObjectStore, dataset_id: str) -> bool:
    """Whether the version is whole: its index is written after all its leaves."""
    try:
        read_index(objects, dataset_id)
    except NotFoundError:
        return False
    return True


def read_index(objects: ObjectStore, dataset_id: str) -> dict[str, Any]:
    """A version's index: dataset_id, about, prefix_digits, rows, `leaves` (each prefix, sha256, key, rows, size_bytes), and
    `tombstones` of erased images (each tombstone, split, cycle_id of the erasure).

    Rows and sizes are None in the index of a version that was written in the first format.

    Raises:
        NotFoundError: there is no such version.
        CorruptObjectError: it is the index of another one, or none.
    """
    return parse_index(objects.read(index_key(dataset_id)).content, dataset_id)


def parse_index(content: bytes, dataset_id: str) -> dict[str, Any]:
    """Read the bytes of a version's index, as `read_index` gives it.

    Raises:
        CorruptObjectError: it is the index of another one, or none, or not as it was written.
    """
    index = _parse_kept_index(content, dataset_id)
    return index | {"leaves": _expanded(dataset_id, index["leaves"])}


def index_without(
    objects: ObjectStore, dataset_id: str, replaced: Mapping[str, Mapping[str, Any]], tombstones: Sequence[Mapping[str, str]]
) -> bytes:
    """A version's index with other leaves in the place of some, leaves without rows left out, and more tombstones."""
    kept = _read_kept_index(objects, dataset_id)
    leaves = [replaced.get(leaf["key"], leaf) for leaf in _expanded(dataset_id, kept["leaves"])]
    left = [leaf for leaf in leaves if leaf["rows"] != 0]
    shown = [*kept["tombstones"], *tombstones]
    rows = None if kept["rows"] is None else kept["rows"] - len(tombstones)
    fields = kept | {"leaves": _as_columns(left) if isinstance(kept["leaves"], dict) else left, "tombstones": shown, "rows": rows}
    return _index_bytes(fields)


def put_leaf(objects: ObjectStore, key: str, content: bytes) -> None:
    """Write a leaf in the place of one that named an erased image.

    Raises:
        CorruptObjectError: other bytes are there.
    """
    _write(objects, key, content)


def read_version(objects: ObjectStore, dataset_id: str) -> pl.DataFrame:
    """All rows of a version, sorted by image_id.

    Raises:
        NotFoundError: there is no such version, or one of its leaves is gone.
        CorruptObjectError: a leaf was changed.
    """
    return read_leaves(objects, read_index(objects, dataset_id)["leaves"])


def read_leaves(objects: ObjectStore, leaves: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """The rows of some leaves of an index, each leaf verified.

    Raises:
        NotFoundError: a leaf is gone.
        CorruptObjectError: a leaf was changed.
    """
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="leaves") as threads:
        return parse_leaves(threads.map(lambda leaf: read_leaf(objects, leaf), leaves))


def read_leaf(objects: ObjectStore, leaf: Mapping[str, Any]) -> bytes:
    """One leaf's bytes, verified.

    Raises:
        NotFoundError: it is gone.
        CorruptObjectError: it was changed.
    """
    content = objects.read(leaf["key"]).content
    if hashlib.sha256(content).hexdigest() != leaf["sha256"]:
        raise CorruptObjectError(f"{leaf['key']}: wanted sha256 {leaf['sha256']}, found other bytes")
    return content


def differing_rows(objects: ObjectStore, before: str, after: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of two versions that lie in leaves of which the other has none like it; equal leaves are never opened.

    All that differs between the versions is in these rows, beside neighbours that do not differ.

    Raises:
        NotFoundError: there is no such version, or a leaf is gone.
        CorruptObjectError: a leaf was changed.
    """
    one, other = (_read_kept_index(objects, dataset_id)["leaves"] for dataset_id in (before, after))
    names = _names(one), _names(other)
    return (
        read_leaves(objects, _expanded(before, one, without=names[1])),
        read_leaves(objects, _expanded(after, other, without=names[0])),
    )


def _index_bytes(index: Mapping[str, Any]) -> bytes:
    return json.dumps(sealed(index), sort_keys=True, ensure_ascii=False).encode()


def _read_kept_index(objects: ObjectStore, dataset_id: str) -> dict[str, Any]:
    """An index with its leaves as they are kept."""
    return _parse_kept_index(objects.read(index_key(dataset_id)).content, dataset_id)


def _parse_kept_index(content: bytes, dataset_id: str) -> dict[str, Any]:
    try:
        index: dict[str, Any] = {"rows": None, "prefix_digits": 2, "tombstones": []} | unsealed(
            json.loads(content), index_key(dataset_id)
        )
        found = index["dataset_id"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorruptObjectError(f"{index_key(dataset_id)}: not the index of a dataset version: {error}") from error
    if found != dataset_id:
        raise CorruptObjectError(f"{index_key(dataset_id)}: wanted the index of {dataset_id}, found that of {found}")
    if "leaves" not in index:
        raise CorruptObjectError(f"{index_key(dataset_id)}: not the index of a dataset version: it names no leaves")
    return index


def _write_leaves(
    objects: ObjectStore, dataset_id: str, leaves: Iterable[Leaf], standing: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    """Write the leaves that do not stand yet, while the next ones are cut; return what the index says of each."""
    named: list[Mapping[str, Any]] = []
    writing: deque[Future[None]] = deque()
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="leaves") as threads:
        for leaf in leaves:
            sha256 = hashlib.sha256(leaf.content).hexdigest()
            if sha256 in standing:
                named.append(standing[sha256])
                continue
            key = _leaf_key(dataset_id, leaf.prefix, sha256)
            sizes = {"rows": leaf.rows, "size_bytes": len(leaf.content)}
            named.append({"prefix": leaf.prefix, "sha256": sha256, "key": key} | sizes)
            writing.append(threads.submit(_write, objects, key, leaf.content))
            if len(writing) > _LEAVES_IN_FLIGHT:
                writing.popleft().result()
        for one in writing:
            one.result()
    return named


def _leaf_key(dataset_id: str, prefix: str, sha256: str) -> str:
    """Many leaves lie in folders of two digits, so that no folder grows large."""
    folder = f"{prefix[:2]}/" if len(prefix) > 2 else ""
    return layout.version_file(dataset_id, f"{folder}{prefix or 'all'}-{sha256[:24]}.csv")


def _as_columns(leaves: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The leaves as an index keeps them: a list a column, and of the keys only whose version put them there."""
    columns: dict[str, Any] = {name: [leaf[name] for leaf in leaves] for name in ("prefix", "sha256", "rows", "size_bytes")}
    writers = [leaf["key"].split("/")[1] for leaf in leaves]
    numbers = {writer: number for number, writer in enumerate(dict.fromkeys(writers))}
    return columns | {"written_by": [numbers[writer] for writer in writers], "versions": list(numbers)}


def _names(kept: Any) -> frozenset[str]:
    """The digests of kept leaves."""
    return frozenset(leaf["sha256"] for leaf in kept) if isinstance(kept, list) else frozenset(kept["sha256"])


def _expanded(dataset_id: str, kept: Any, without: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
    """What `_as_columns` kept, or a list of leaves as the first format has it, but for leaves of some digests."""
    try:
        if isinstance(kept, list):
            return [{"rows": None, "size_bytes": None} | leaf for leaf in kept if leaf["sha256"] not in without]
        return list(_leaves_of_columns(kept, without))
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise CorruptObjectError(f"{index_key(dataset_id)}: not the index of a dataset version: {error!r}") from error


def _leaves_of_columns(columns: Mapping[str, Any], without: frozenset[str]) -> Iterator[dict[str, Any]]:
    names = ("prefix", "sha256", "rows", "size_bytes", "written_by")
    for prefix, sha256, rows, size_bytes, writer in zip(*(columns[name] for name in names), strict=True):
        if sha256 not in without:
            key = _leaf_key(columns["versions"][writer], prefix, sha256)
            yield {"prefix": prefix, "sha256": sha256, "key": key, "rows": rows, "size_bytes": size_bytes}


def _write(objects: ObjectStore, key: str, content: bytes) -> None:
    try:
        with around("version.put"):
            objects.write_new(key, content)
    except AlreadyThereError:
        if objects.read(key).content != content:
            raise CorruptObjectError(f"{key}: wanted the bytes it was written with, found others") from None
