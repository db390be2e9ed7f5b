"""`versions show`: what is in a dataset version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import polars as pl

from pipeline_tasks.commands.versions.people import images_by_author, images_by_reason
from pipeline_tasks.commands.versions.text_table import cross_table, one_line
from pipeline_tasks.datasets.differences import counts
from pipeline_tasks.records.evaluate_model import EvaluateModelSummary
from pipeline_tasks.storage.blobs.version_index import IndexedLeaf, index_key, read_index
from pipeline_tasks.storage.history.past_store import PastStore
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.versions.dataset_versions import read_leaves
from pipeline_tasks.storage.versions.version_history import VersionRecord
from pipeline_tasks.tables.slice_image import SLICES


def describe(store: Store, version: VersionRecord) -> dict[str, Any]:
    """Count a version's images by split, class, label author and reason, and its manifest's bytes.

    Raises:
        NotFoundError: a leaf is gone.
        CorruptObjectError: a leaf was changed.
    """
    index = read_index(store.objects, version.dataset_id)
    rows = read_leaves(store.objects, index.leaves)
    then = PastStore(store.objects, version.sequence)
    by_split = {split: counts(rows.filter(pl.col("split") == split), "class_name") for split in counts(rows, "split")}
    return {
        "dataset_id": version.dataset_id,
        "cycle_id": version.cycle_id,
        "started_at": version.started_at,
        "about": index.about.as_json(),
        "images": rows.height,
        "erased": len(index.tombstones),
        "tombstones": [asdict(one) for one in index.tombstones],
        "images_by_split": counts(rows, "split"),
        "images_by_class": counts(rows, "class_name"),
        "images_by_split_and_class": by_split,
        "images_by_author": images_by_author(then, rows["image_id"]),
        "images_by_reason": images_by_reason(then, rows["image_id"]),
        "left_out": version.summary.left_out,
        "slices": _in_order(version.summary.slices),
        "scores": _scores(store, version),
        "index_key": index_key(version.dataset_id),
        "leaves": len(index.leaves),
        **_manifest_bytes(store, version.dataset_id, index.leaves),
    }


def as_text(fields: dict[str, Any]) -> str:
    """A version as tables."""
    about = fields["about"]
    return "\n".join(
        [
            f"dataset version {fields['dataset_id']}",
            f"cycle {fields['cycle_id']}, {fields['started_at'] or 'time unknown'}, {fields['images']} images, "
            + (f"{fields['erased']} erased since, " if fields["erased"] else "")
            + f"label kind {about.get('label_kind')}",
            "",
            cross_table(fields["images_by_split_and_class"], "split"),
            "",
            f"label authors: {one_line(fields['images_by_author'])}",
            f"picked by: {one_line(fields['images_by_reason'])}",
            f"left out: {one_line(fields['left_out'])}",
            *_slice_lines(fields),
            f"manifest: {fields['own_bytes']} bytes of its own, {fields['shared_bytes']} shared with earlier versions, "
            f"{fields['leaves']} leaves",
            f"index: {fields['index_key']}",
        ]
    )


def _scores(store: Store, version: VersionRecord) -> list[dict[str, Any]]:
    """What models scored on the version's test images: model_digest, cycle_id, balanced_accuracy with bounds, slices."""
    found = []
    for cycle_id in store.state().stages:
        scored = store.find_summary(cycle_id, EvaluateModelSummary)
        if scored is not None and scored.dataset_id == version.dataset_id:
            names = ("model_digest", "balanced_accuracy", "balanced_accuracy_low", "balanced_accuracy_high", "slices")
            found.append({"cycle_id": cycle_id} | {name: getattr(scored, name) for name in names})
    return found


def _in_order(slices: dict[str, Any]) -> dict[str, Any]:
    """Golden first; an event keeps its names by the alphabet."""
    return {name: slices[name] for name in SLICES if name in slices}


def _slice_lines(fields: dict[str, Any]) -> list[str]:
    """The slices of test, and what models scored on test and on each; nothing where there is neither."""
    lines = [f"scored by themselves, of test: {one_line(fields['slices'])}"] if fields["slices"] else []
    for one in fields["scores"]:
        figures = [_figure("test, balanced", one, "balanced_accuracy")]
        figures += [_figure(name, found, "accuracy") for name, found in _in_order(one["slices"] or {}).items()]
        if known := [figure for figure in figures if figure]:
            lines.append(f"model {one['model_digest'][:12]} of cycle {one['cycle_id']}: {'; '.join(known)}")
    return lines


def _figure(name: str, found: dict[str, Any], key: str) -> str:
    value, low, high = (found.get(f"{key}{end}") for end in ("", "_low", "_high"))
    if value is None:
        return ""
    bounds = "" if low is None or high is None else f" ({100 * low:.1f} to {100 * high:.1f})"
    return f"{name} {100 * value:.1f} %{bounds}"


def _manifest_bytes(store: Store, dataset_id: str, leaves: Sequence[IndexedLeaf]) -> dict[str, int]:
    """Bytes of the index and of leaves that this version wrote, and of leaves that an earlier one wrote."""
    mine = index_key(dataset_id).rpartition("/")[0] + "/"
    sizes = {"own_bytes": len(store.objects.read(index_key(dataset_id)).content), "shared_bytes": 0}
    for leaf in leaves:
        size = leaf.size_bytes
        if size is None:
            size = len(store.objects.read(leaf.key).content)
        sizes["own_bytes" if leaf.key.startswith(mine) else "shared_bytes"] += size
    return sizes
