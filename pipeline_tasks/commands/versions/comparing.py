"""`versions diff A B`: differences between two dataset versions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Generic, TypeVar

import polars as pl

from pipeline_tasks.annotations.votes import Objects, objects_by
from pipeline_tasks.commands.versions.people import images_by_author, images_by_reason
from pipeline_tasks.commands.versions.text_table import one_line
from pipeline_tasks.datasets.differences import Difference, counts, difference
from pipeline_tasks.datasets.manifest import why_left_out
from pipeline_tasks.json_values import Json
from pipeline_tasks.kinds.labeling import Labeling
from pipeline_tasks.kinds.object_changes import ObjectChanges
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.records.dataset_version import VersionAbout
from pipeline_tasks.stages.train.build_dataset_version import manifest_inputs
from pipeline_tasks.storage.blobs.version_index import read_index
from pipeline_tasks.storage.history.cycles import read_cycle
from pipeline_tasks.storage.history.past_store import PastStore
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.versions.dataset_versions import differing_rows
from pipeline_tasks.storage.versions.version_history import VersionRecord
from pipeline_tasks.tables.dataset_image import LABEL_NAME
from pipeline_tasks.tables.label_object import DatasetObject

T = TypeVar("T")
NOT_LABELLED = "not labelled"
SHOWN_IMAGES = 1000
"""Number of images listed for each kind of change; counts include all."""


@dataclass(frozen=True)
class Change:
    """Counts of one kind of change; None if a count does not apply."""

    images: int
    image_ids: list[str]
    """The first images of this kind."""
    by_class: dict[str, int]
    by_split: dict[str, int] | None = None
    by_author: dict[str, int] | None = None
    by_reason: dict[str, int] | None = None


@dataclass(frozen=True)
class BeforeAfter(Generic[T]):
    """One figure of both versions."""

    before: T
    after: T


@dataclass(frozen=True)
class Comparison:
    """All differences between two versions; no changes if they are equal."""

    before: str
    after: str
    is_unchanged: bool
    about_changed: BeforeAfter[VersionAbout] | None
    erased: BeforeAfter[int]
    added: Change | None = None
    removed: Change | None = None
    relabelled: Change | None = None
    moved: Change | None = None
    objects: ObjectChanges | None = None
    """Objects of images in both versions; None for kinds whose labels are only a name."""


def compare(store: Store, before: VersionRecord, after: VersionRecord) -> Comparison:
    """Images added, removed, relabelled and moved to another split, each counted by class, split, label author and reason.

    Raises:
        NotFoundError: a leaf is gone.
        CorruptObjectError: a leaf was changed.
    """
    found = difference(*differing_rows(store.objects, before.dataset_id, after.dataset_id))
    one, other = (read_index(store.objects, version.dataset_id) for version in (before, after))
    comparison = Comparison(
        before=before.dataset_id,
        after=after.dataset_id,
        is_unchanged=found.is_none,
        about_changed=None if one.about == other.about else BeforeAfter(one.about, other.about),
        erased=BeforeAfter(len(one.tombstones), len(other.tombstones)),
    )
    if found.is_none:
        return comparison
    then = PastStore(store.objects, after.sequence)
    return replace(
        comparison,
        added=_counted(then, found.added, LABEL_NAME, "split"),
        removed=replace(_counted(None, found.removed, LABEL_NAME, "split"), by_reason=_why_gone(then, found, after.cycle_id)),
        relabelled=replace(
            _counted(then, found.relabelled, "name_after", "split"),
            by_class=counts(found.relabelled, "name_before", "name_after"),
        ),
        moved=replace(_counted(None, found.moved, LABEL_NAME), by_split=counts(found.moved, "split_before", "split_after")),
        objects=_object_changes(store, before, after, found.relabelled["image_id"]),
    )


def as_text(found: Comparison) -> str:
    """Format the differences, a few lines for each kind of change."""
    lines = [f"{found.before[:12]} → {found.after[:12]}"]
    if found.about_changed is not None:
        before, after = found.about_changed.before.as_json(), found.about_changed.after.as_json()
        for name in sorted(before.keys() | after.keys()):
            if before.get(name) != after.get(name):
                lines.append(f"{name.replace('_', ' ')} changed: {_said(before.get(name))} → {_said(after.get(name))}")
    if found.erased.before or found.erased.after:
        lines.append(f"erased since and left out here: {found.erased.before} → {found.erased.after}")
    if found.is_unchanged:
        return "\n".join([*lines, "unchanged: the same images, labels and splits"])
    changes = {"added": found.added, "removed": found.removed, "relabelled": found.relabelled, "moved": found.moved}
    for kind, change in changes.items():
        if change is not None:
            lines += [f"{kind}: {change.images}", *_count_lines(change)]
    if found.objects is not None:
        said = ", ".join(f"{count} {name}" for name, count in asdict(found.objects).items())
        lines.append(f"objects of relabelled images: {said}")
    return "\n".join(lines)


def _object_changes(store: Store, before: VersionRecord, after: VersionRecord, image_ids: pl.Series) -> ObjectChanges | None:
    """Objects that were added, removed, moved and relabelled in images of both versions."""
    if not all(store.has(DatasetObject, version.cycle_id) for version in (before, after)):
        return None
    labeling = kind_of(read_cycle(store, after.cycle_id).project).labeling
    one, other = (_objects_of(store, version.cycle_id, image_ids, labeling) for version in (before, after))
    changes = (labeling.object_changes(one.get((name,), ()), other.get((name,), ())) for name in image_ids)
    return sum(changes, ObjectChanges())


def _objects_of(store: Store, cycle_id: str, image_ids: pl.Series, labeling: Labeling[Any]) -> Mapping[tuple[str, ...], Objects]:
    rows = store.read(DatasetObject, cycle_id).filter(pl.col("image_id").is_in(image_ids.implode()))
    return objects_by(rows.sort("image_id", "object_index"), ("image_id",), labeling)


def _said(value: Json) -> str:
    return "none" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _count_lines(change: Change) -> list[str]:
    parts = {"class": change.by_class, "split": change.by_split, "author": change.by_author, "reason": change.by_reason}
    return [f"  by {name}: {one_line(value)}" for name, value in parts.items() if value]


def _counted(then: Store | None, rows: pl.DataFrame, class_column: str, split_column: str | None = None) -> Change:
    """Counts of one kind of change; authors and reasons if `then` is given."""
    is_asked = then is not None and rows.height > 0
    return Change(
        images=rows.height,
        image_ids=rows["image_id"].head(SHOWN_IMAGES).to_list(),
        by_class=counts(rows, class_column),
        by_split=None if split_column is None else counts(rows, split_column),
        by_author=images_by_author(then, rows["image_id"]) if then is not None and is_asked else None,
        by_reason=images_by_reason(then, rows["image_id"]) if then is not None and is_asked else None,
    )


def _why_gone(then: Store, found: Difference, cycle_id: str) -> dict[str, int]:
    """Reasons why images of the first version are not in the second one, as known when that was made."""
    if found.removed.is_empty():
        return {}
    quality = read_cycle(then, list(then.state().stages)[-1]).project.quality
    inputs, gone = manifest_inputs(then, quality), found.removed["image_id"].implode()
    labels = inputs.labels.filter(pl.col("image_id").is_in(gone))
    objects = inputs.label_objects.filter(pl.col("image_id").is_in(gone))
    narrowed = replace(inputs, labels=labels, label_objects=objects)
    reasons = why_left_out(narrowed, kind_of(read_cycle(then, cycle_id).project))
    named = counts(reasons.drop_nulls("reason"), "reason")
    others = found.removed.height - sum(named.values())
    return named | ({NOT_LABELLED: others} if others else {})
