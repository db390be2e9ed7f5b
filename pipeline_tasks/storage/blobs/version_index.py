"""Index of a dataset version: one sealed JSON object that names the version's leaves, some written by earlier versions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline_tasks.errors import CorruptObjectError
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.objects.seal import sealed, unsealed
from pipeline_tasks.upgrades import forms
from pipeline_tasks.upgrades.json_fields import marked, upgraded_fields


def index_key(dataset_id: str) -> str:
    """Key of a version's index."""
    return layout.version_file(dataset_id, "index.json")


def leaf_key(dataset_id: str, prefix: str, sha256: str) -> str:
    """Key of a leaf; many leaves are in folders of two digits, so that no folder grows large."""
    folder = f"{prefix[:2]}/" if len(prefix) > 2 else ""
    return layout.version_file(dataset_id, f"{folder}{prefix or 'all'}-{sha256[:24]}.csv")


def read_index(objects: ObjectStore, dataset_id: str) -> dict[str, Any]:
    """A version's index: dataset_id, about, prefix_digits, rows, `leaves` (each prefix, sha256, key, rows, size_bytes), and
    `tombstones` of erased images (each tombstone, split, cycle_id of the erasure).

    Rows and sizes are None in an index of the first format.

    Raises:
        NotFoundError: there is no such version.
        CorruptObjectError: it is the index of another one, or none.
    """
    return parse_index(objects.read(index_key(dataset_id)).content, dataset_id)


def parse_index(content: bytes, dataset_id: str) -> dict[str, Any]:
    """Read the bytes of a version's index, as `read_index` gives it.

    Raises:
        CorruptObjectError: it is damaged, the index of another version, or not an index.
    """
    index = _parse_kept_index(content, dataset_id)
    return index | {"leaves": expanded(dataset_id, index["leaves"])}


def read_kept_index(objects: ObjectStore, dataset_id: str) -> dict[str, Any]:
    """Read an index with its leaves in stored form."""
    return _parse_kept_index(objects.read(index_key(dataset_id)).content, dataset_id)


def index_bytes(index: Mapping[str, Any]) -> bytes:
    """The index in its stored form; its leaves as returned by `as_columns`."""
    return json.dumps(sealed(marked(forms.VERSION_INDEX, index)), sort_keys=True, ensure_ascii=False).encode()


def index_without(
    objects: ObjectStore, dataset_id: str, replaced: Mapping[str, Mapping[str, Any]], tombstones: Sequence[Mapping[str, str]]
) -> bytes:
    """A version's index with replaced leaves, without empty leaves, and with more tombstones."""
    kept = read_kept_index(objects, dataset_id)
    leaves = [replaced.get(leaf["key"], leaf) for leaf in expanded(dataset_id, kept["leaves"])]
    left = [leaf for leaf in leaves if leaf["rows"] != 0]
    shown = [*kept["tombstones"], *tombstones]
    rows = None if kept["rows"] is None else kept["rows"] - len(tombstones)
    fields = kept | {"leaves": as_columns(left) if isinstance(kept["leaves"], dict) else left, "tombstones": shown, "rows": rows}
    return index_bytes(fields)


def as_columns(leaves: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Leaves in stored form: a list for each column, and instead of keys only the versions that wrote them."""
    columns: dict[str, Any] = {name: [leaf[name] for leaf in leaves] for name in ("prefix", "sha256", "rows", "size_bytes")}
    writers = [leaf["key"].split("/")[1] for leaf in leaves]
    numbers = {writer: number for number, writer in enumerate(dict.fromkeys(writers))}
    return columns | {"written_by": [numbers[writer] for writer in writers], "versions": list(numbers)}


def digests_of(kept: Any) -> frozenset[str]:
    """Digests of leaves in stored form."""
    return frozenset(leaf["sha256"] for leaf in kept) if isinstance(kept, list) else frozenset(kept["sha256"])


def expanded(dataset_id: str, kept: Any, without: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
    """Leaves from the form of `as_columns`, or from the list of the first format, without those of some digests."""
    try:
        if isinstance(kept, list):
            return [{"rows": None, "size_bytes": None} | leaf for leaf in kept if leaf["sha256"] not in without]
        return list(_leaves_of_columns(kept, without))
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise CorruptObjectError(f"{index_key(dataset_id)}: not the index of a dataset version: {error!r}") from error


def _parse_kept_index(content: bytes, dataset_id: str) -> dict[str, Any]:
    try:
        fields = unsealed(json.loads(content), index_key(dataset_id))
        index: dict[str, Any] = {"rows": None, "prefix_digits": 2, "tombstones": []}
        index |= upgraded_fields(forms.VERSION_INDEX, fields, index_key(dataset_id))
        found = index["dataset_id"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorruptObjectError(f"{index_key(dataset_id)}: not the index of a dataset version: {error}") from error
    if found != dataset_id:
        raise CorruptObjectError(f"{index_key(dataset_id)}: wanted the index of {dataset_id}, found that of {found}")
    if "leaves" not in index:
        raise CorruptObjectError(f"{index_key(dataset_id)}: not the index of a dataset version: it names no leaves")
    return index


def _leaves_of_columns(columns: Mapping[str, Any], without: frozenset[str]) -> Iterator[dict[str, Any]]:
    names = ("prefix", "sha256", "rows", "size_bytes", "written_by")
    for prefix, sha256, rows, size_bytes, writer in zip(*(columns[name] for name in names), strict=True):
        if sha256 not in without:
            key = leaf_key(columns["versions"][writer], prefix, sha256)
            yield {"prefix": prefix, "sha256": sha256, "key": key, "rows": rows, "size_bytes": size_bytes}
