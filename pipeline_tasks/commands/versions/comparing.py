"""`versions diff A B`: what makes the second dataset version of the first one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl

from pipeline_tasks.commands.versions.people import images_by_author, images_by_reason
from pipeline_tasks.commands.versions.text_table import one_line
from pipeline_tasks.datasets.differences import Difference, counts, difference
from pipeline_tasks.datasets.manifest import why_left_out
from pipeline_tasks.records.dataset_version import VersionAbout
from pipeline_tasks.stages.train.build_dataset_version import facts_of
from pipeline_tasks.storage.blobs.version_index import read_index
from pipeline_tasks.storage.history.past_store import PastStore
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.versions.dataset_versions import differing_rows
from pipeline_tasks.storage.versions.version_history import VersionRecord

NOT_LABELLED = "not labelled"
SHOWN_IMAGES = 1000
"""So many images of each kind are named; the counts are of all."""


def compare(store: Store, before: VersionRecord, after: VersionRecord) -> dict[str, Any]:
    """Images added, removed, relabelled and moved to another split, each counted by class, split, label author and reason.

    Raises:
        NotFoundError: a leaf is gone.
        CorruptObjectError: a leaf was changed.
    """
    found = difference(*differing_rows(store.objects, before.dataset_id, after.dataset_id))
    indexes = [read_index(store.objects, version.dataset_id) for version in (before, after)]
    abouts, erased = [index.about for index in indexes], [index.tombstones for index in indexes]
    fields: dict[str, Any] = {"before": before.dataset_id, "after": after.dataset_id, "is_unchanged": found.is_none}
    fields["about_changed"] = None if abouts[0] == abouts[1] else {"before": abouts[0].as_json(), "after": abouts[1].as_json()}
    fields["erased"] = {name: len(tombstones) for name, tombstones in zip(("before", "after"), erased, strict=True)}
    if found.is_none:
        return fields
    then = PastStore(store.objects, after.sequence)
    return fields | {
        "added": _counted(then, found.added, "class_name", "split"),
        "removed": _counted(None, found.removed, "class_name", "split") | {"by_reason": _why_gone(then, found, abouts[1])},
        "relabelled": _relabelled(then, found.relabelled),
        "moved": _counted(None, found.moved, "class_name") | {"by_split": counts(found.moved, "split_before", "split_after")},
    }


def as_text(fields: dict[str, Any]) -> str:
    """The difference as a few lines for each kind of change."""
    head = f"{fields['before'][:12]} → {fields['after'][:12]}"
    if fields["about_changed"]:
        head += f"\nclasses or label kind changed: {fields['about_changed']['before']} → {fields['about_changed']['after']}"
    if any(fields["erased"].values()):
        head += f"\nerased since and left out here: {fields['erased']['before']} → {fields['erased']['after']}"
    if fields["is_unchanged"]:
        return f"{head}\nunchanged: the same images, labels and splits"
    lines = [head]
    for kind in ("added", "removed", "relabelled", "moved"):
        lines.append(f"{kind}: {fields[kind]['images']}")
        parts = {name: value for name, value in fields[kind].items() if name.startswith("by_") and value}
        lines += [f"  {name.replace('_', ' ')}: {one_line(value)}" for name, value in parts.items()]
    return "\n".join(lines)


def _counted(then: Store | None, rows: pl.DataFrame, class_column: str, split_column: str | None = None) -> dict[str, Any]:
    """Counts of one kind of change; authors and reasons where `then` is asked for them."""
    found: dict[str, Any] = {"images": rows.height, "by_class": counts(rows, class_column)}
    if split_column is not None:
        found["by_split"] = counts(rows, split_column)
    if then is not None and rows.height:
        found["by_author"] = images_by_author(then, rows["image_id"])
        found["by_reason"] = images_by_reason(then, rows["image_id"])
    return found | {"image_ids": rows["image_id"].head(SHOWN_IMAGES).to_list()}


def _relabelled(then: Store, rows: pl.DataFrame) -> dict[str, Any]:
    return _counted(then, rows, "class_after", "split") | {"by_class": counts(rows, "class_before", "class_after")}


def _why_gone(then: Store, found: Difference, about: VersionAbout) -> dict[str, int]:
    """Why images of the first version are not in the second one, as it was known when that was made."""
    if found.removed.is_empty():
        return {}
    facts, gone = facts_of(then), found.removed["image_id"].implode()
    labels = facts.labels.filter(pl.col("image_id").is_in(gone))
    objects = facts.label_objects.filter(pl.col("image_id").is_in(gone))
    narrowed = replace(facts, labels=labels, label_objects=objects)
    reasons = why_left_out(narrowed, about.label_kind, about.class_names)
    named = counts(reasons.drop_nulls("reason"), "reason")
    others = found.removed.height - sum(named.values())
    return named | ({NOT_LABELLED: others} if others else {})
