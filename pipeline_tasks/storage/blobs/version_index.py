"""The index of a dataset version: one sealed JSON object that names the version's leaves, wherever an earlier one has put them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pipeline_tasks.errors import CorruptObjectError
from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.records.dataset_version import VersionAbout
from pipeline_tasks.records.reading import read_record
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.objects.seal import sealed, unsealed
from pipeline_tasks.upgrades import forms
from pipeline_tasks.upgrades.json_fields import marked, upgraded_fields

_FORMAT = 2


@dataclass(frozen=True, slots=True)
class IndexedLeaf:
    """One leaf as an index names it."""

    prefix: str
    """The first digits of the image_ids in it."""
    sha256: str
    key: str
    rows: int | None
    """None, and `size_bytes`, in the index of a version that was written in the first format."""
    size_bytes: int | None


@dataclass(frozen=True)
class Tombstone:
    """An erased image of a version."""

    tombstone: str
    split: str
    cycle_id: str
    """The cycle of the erasure."""


@dataclass(frozen=True)
class VersionIndex:
    """A dataset version as its index tells it."""

    dataset_id: str
    about: VersionAbout
    prefix_digits: int
    rows: int | None
    """None in the index of a version that was written in the first format."""
    leaves: tuple[IndexedLeaf, ...]
    tombstones: tuple[Tombstone, ...]


def index_key(dataset_id: str) -> str:
    """Key of a version's index."""
    return layout.version_file(dataset_id, "index.json")


def leaf_key(dataset_id: str, prefix: str, sha256: str) -> str:
    """The key of a leaf; many leaves lie in folders of two digits, so that no folder grows large."""
    folder = f"{prefix[:2]}/" if len(prefix) > 2 else ""
    return layout.version_file(dataset_id, f"{folder}{prefix or 'all'}-{sha256[:24]}.csv")


def read_index(objects: ObjectStore, dataset_id: str) -> VersionIndex:
    """Read a version's index.

    Raises:
        NotFoundError: there is no such version.
        CorruptObjectError: it is the index of another version, or not an index.
    """
    return parse_index(objects.read(index_key(dataset_id)).content, dataset_id)


def parse_index(content: bytes, dataset_id: str) -> VersionIndex:
    """Read the bytes of a version's index.

    Raises:
        CorruptObjectError: it is damaged, the index of another version, or not an index.
    """
    kept, key = _parse_kept(content, dataset_id), index_key(dataset_id)
    return VersionIndex(
        dataset_id=dataset_id,
        about=VersionAbout.from_json(kept["about"], key),
        prefix_digits=kept["prefix_digits"],
        rows=kept["rows"],
        leaves=tuple(_expanded(dataset_id, kept["leaves"])),
        tombstones=tuple(read_record(Tombstone, one, key) for one in kept["tombstones"]),
    )


def index_bytes(dataset_id: str, about: VersionAbout, rows: int, prefix_digits: int, leaves: Sequence[IndexedLeaf]) -> bytes:
    """The index of a new version as it lies in the store."""
    fields = {"format": _FORMAT, "dataset_id": dataset_id, "about": about.as_json(), "rows": rows}
    return _as_bytes(fields | {"prefix_digits": prefix_digits, "leaves": _as_columns(leaves)})


def index_without(
    objects: ObjectStore, dataset_id: str, replaced: Mapping[str, IndexedLeaf], tombstones: Sequence[Tombstone]
) -> bytes:
    """A version's index with other leaves in the place of some, leaves without rows left out, and more tombstones."""
    kept = _read_kept(objects, dataset_id)
    leaves = [replaced.get(leaf.key, leaf) for leaf in _expanded(dataset_id, kept["leaves"])]
    left = [leaf for leaf in leaves if leaf.rows != 0]
    shown = [*kept["tombstones"], *map(asdict, tombstones)]
    rows = None if kept["rows"] is None else kept["rows"] - len(tombstones)
    as_kept = _as_columns(left) if isinstance(kept["leaves"], dict) else [asdict(leaf) for leaf in left]
    return _as_bytes(kept | {"leaves": as_kept, "tombstones": shown, "rows": rows})


def differing_leaves(objects: ObjectStore, before: str, after: str) -> tuple[list[IndexedLeaf], list[IndexedLeaf]]:
    """The leaves of each of two versions of which the other has none like it; equal ones are not even listed.

    Raises:
        NotFoundError: there is no such version.
        CorruptObjectError: an index is that of another version, or none.
    """
    one, other = (_read_kept(objects, dataset_id)["leaves"] for dataset_id in (before, after))
    return _expanded(before, one, without=_digests_of(other)), _expanded(after, other, without=_digests_of(one))


def _read_kept(objects: ObjectStore, dataset_id: str) -> JsonObject:
    return _parse_kept(objects.read(index_key(dataset_id)).content, dataset_id)


def _parse_kept(content: bytes, dataset_id: str) -> JsonObject:
    try:
        fields = unsealed(json.loads(content), index_key(dataset_id))
        kept: JsonObject = {"rows": None, "prefix_digits": 2, "tombstones": [], "about": {}}
        kept |= upgraded_fields(forms.VERSION_INDEX, fields, index_key(dataset_id))
        found = kept["dataset_id"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorruptObjectError(f"{index_key(dataset_id)}: not the index of a dataset version: {error}") from error
    if found != dataset_id:
        raise CorruptObjectError(f"{index_key(dataset_id)}: wanted the index of {dataset_id}, found that of {found}")
    if "leaves" not in kept:
        raise CorruptObjectError(f"{index_key(dataset_id)}: not the index of a dataset version: it names no leaves")
    return kept


def _as_bytes(kept: JsonObject) -> bytes:
    return json.dumps(sealed(marked(forms.VERSION_INDEX, kept)), sort_keys=True, ensure_ascii=False).encode()


def _as_columns(leaves: Sequence[IndexedLeaf]) -> JsonObject:
    """The leaves as an index keeps them: a list a column, and of the keys only whose version put them there."""
    columns: JsonObject = {name: [getattr(leaf, name) for leaf in leaves] for name in ("prefix", "sha256", "rows", "size_bytes")}
    writers = [leaf.key.split("/")[1] for leaf in leaves]
    numbers = {writer: number for number, writer in enumerate(dict.fromkeys(writers))}
    return columns | {"written_by": [numbers[writer] for writer in writers], "versions": list(numbers)}


def _digests_of(kept: Any) -> frozenset[str]:
    """The digests of kept leaves."""
    return frozenset(leaf["sha256"] for leaf in kept) if isinstance(kept, list) else frozenset(kept["sha256"])


def _expanded(dataset_id: str, kept: Any, without: frozenset[str] = frozenset()) -> list[IndexedLeaf]:
    """Leaves from the form of `_as_columns`, or from the list of the first format, without those of some digests."""
    try:
        if isinstance(kept, list):
            return [_leaf_of_list(leaf) for leaf in kept if leaf["sha256"] not in without]
        return list(_leaves_of_columns(kept, without))
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise CorruptObjectError(f"{index_key(dataset_id)}: not the index of a dataset version: {error!r}") from error


def _leaf_of_list(leaf: JsonObject) -> IndexedLeaf:
    return IndexedLeaf(leaf["prefix"], leaf["sha256"], leaf["key"], leaf.get("rows"), leaf.get("size_bytes"))


def _leaves_of_columns(columns: JsonObject, without: frozenset[str]) -> Iterator[IndexedLeaf]:
    names = ("prefix", "sha256", "rows", "size_bytes", "written_by")
    for prefix, sha256, rows, size_bytes, writer in zip(*(columns[name] for name in names), strict=True):
        if sha256 not in without:
            yield IndexedLeaf(prefix, sha256, leaf_key(columns["versions"][writer], prefix, sha256), rows, size_bytes)
