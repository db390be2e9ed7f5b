"""Manifests of dataset versions as small leaves that never change, so that a new version writes only what is new in it.

A leaf holds the images whose ids start with the same two digits, as JSON lines; its name digests its content. A version's
index names its leaves, wherever an earlier version has put them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from pipeline_tasks.errors import AlreadyThereError, CorruptObjectError, NotFoundError
from pipeline_tasks.storage import layout
from pipeline_tasks.storage.fail_points import around
from pipeline_tasks.storage.objects import ObjectStore
from pipeline_tasks.storage.seal import sealed, unsealed

Row = Mapping[str, Any]


def write_version(
    objects: ObjectStore, dataset_id: str, rows: Iterable[Row], *, about: Mapping[str, Any], earlier: str | None = None
) -> str:
    """Write a version's leaves and then its index; return the index's key. Writing it twice changes nothing.

    `rows` are sorted by image_id; `about` says more of the version (classes, label kind); `earlier` is the dataset_id of
    the version before, whose leaves are named instead of written again.
    """
    if has_version(objects, dataset_id):
        return index_key(dataset_id)
    standing = {} if earlier is None else {leaf["sha256"]: leaf["key"] for leaf in read_index(objects, earlier)["leaves"]}
    leaves = []
    for prefix, group in groupby(rows, key=lambda row: str(row["image_id"])[:2]):
        content = _as_lines(list(group))
        sha256 = hashlib.sha256(content).hexdigest()
        key = standing.get(sha256) or layout.version_file(dataset_id, f"{prefix}-{sha256[:24]}.jsonl")
        _write(objects, key, content)
        leaves.append({"prefix": prefix, "sha256": sha256, "key": key})
    index = {"dataset_id": dataset_id, "about": dict(about), "leaves": leaves}
    _write(objects, index_key(dataset_id), json.dumps(sealed(index), sort_keys=True, indent=1, ensure_ascii=False).encode())
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
    """A version's index: dataset_id, about, leaves.

    Raises:
        NotFoundError: there is no such version.
        CorruptObjectError: it is the index of another one, or none.
    """
    return parse_index(objects.read(index_key(dataset_id)).content, dataset_id)


def parse_index(content: bytes, dataset_id: str) -> dict[str, Any]:
    """Read a version's index: dataset_id, about, leaves.

    Raises:
        CorruptObjectError: it is the index of another one, or none, or not as it was written.
    """
    try:
        index = unsealed(json.loads(content), index_key(dataset_id))
        found = index["dataset_id"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorruptObjectError(f"{index_key(dataset_id)}: not the index of a dataset version: {error}") from error
    if found != dataset_id:
        raise CorruptObjectError(f"{index_key(dataset_id)}: wanted the index of {dataset_id}, found that of {found}")
    return index


def read_version(objects: ObjectStore, dataset_id: str) -> list[dict[str, Any]]:
    """All rows of a version, sorted by image_id.

    Raises:
        NotFoundError: there is no such version, or one of its leaves is gone.
        CorruptObjectError: a leaf was changed.
    """
    rows: list[dict[str, Any]] = []
    for leaf in read_index(objects, dataset_id)["leaves"]:
        content = objects.read(leaf["key"]).content
        if hashlib.sha256(content).hexdigest() != leaf["sha256"]:
            raise CorruptObjectError(f"{leaf['key']}: wanted sha256 {leaf['sha256']}, found other bytes")
        rows.extend(json.loads(line) for line in content.splitlines())
    return rows


def _as_lines(rows: Sequence[Row]) -> bytes:
    return "".join(json.dumps(row, sort_keys=True) + "\n" for row in rows).encode()


def _write(objects: ObjectStore, key: str, content: bytes) -> None:
    try:
        with around("version.put"):
            objects.write_new(key, content)
    except AlreadyThereError:
        if objects.read(key).content != content:
            raise CorruptObjectError(f"{key}: wanted the bytes it was written with, found others") from None
