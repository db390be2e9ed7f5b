"""`versions show`: content of a dataset version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import polars as pl

from pipeline_tasks.commands.versions.people import images_by_author, images_by_reason
from pipeline_tasks.commands.versions.text_table import cross_table, one_line
from pipeline_tasks.datasets.differences import counts
from pipeline_tasks.kinds.registry import kind_of_version
from pipeline_tasks.kinds.scoring import ScoreNames
from pipeline_tasks.records.dataset_version import VersionAbout
from pipeline_tasks.records.evaluate_model import EvaluateModelSummary
from pipeline_tasks.storage.blobs.version_index import IndexedLeaf, Tombstone, index_key, read_index
from pipeline_tasks.storage.history.past_store import PastStore
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.versions.dataset_versions import read_leaves
from pipeline_tasks.storage.versions.version_history import VersionRecord
from pipeline_tasks.storage.versions.version_rows import kept_objects
from pipeline_tasks.tables.dataset_image import LABEL_NAME
from pipeline_tasks.tables.slice_image import SLICES

N = TypeVar("N")


Scored = dict[str, str | float | dict[str, dict[str, float | None]] | None]
"""One model on the test images of a version: cycle_id, model_digest, slices, and the score with its bounds by the kind's name."""


@dataclass(frozen=True)
class VersionDescription:
    """A dataset version in counts."""

    dataset_id: str
    cycle_id: str
    started_at: str | None
    about: VersionAbout
    images: int
    erased: int
    tombstones: list[Tombstone]
    images_by_split: dict[str, int]
    images_by_class: dict[str, int]
    images_by_split_and_class: dict[str, dict[str, int]]
    images_by_author: dict[str, int]
    images_by_reason: dict[str, int]
    left_out: dict[str, int]
    slices: dict[str, int]
    scores: list[Scored]
    index_key: str
    leaves: int
    own_bytes: int
    """Size of the index, and of leaves that this version wrote."""
    shared_bytes: int
    """Size of leaves that an earlier version wrote."""


def describe(store: Store, version: VersionRecord) -> VersionDescription:
    """Count a version's images by split, class, label author and reason, and its manifest's bytes.

    Raises:
        NotFoundError: a leaf is gone.
        CorruptObjectError: a leaf was changed.
    """
    index = read_index(store.objects, version.dataset_id)
    rows = read_leaves(store.objects, index.leaves)
    named = _named(rows, kept_objects(store, version.cycle_id))
    then = PastStore(store.objects, version.sequence)
    own_bytes, shared_bytes = _manifest_bytes(store, version.dataset_id, index.leaves)
    return VersionDescription(
        dataset_id=version.dataset_id,
        cycle_id=version.cycle_id,
        started_at=version.started_at,
        about=index.about,
        images=rows.height,
        erased=len(index.tombstones),
        tombstones=list(index.tombstones),
        images_by_split=counts(rows, "split"),
        images_by_class=counts(named, LABEL_NAME),
        images_by_split_and_class={
            split: counts(named.filter(pl.col("split") == split), LABEL_NAME) for split in counts(rows, "split")
        },
        images_by_author=images_by_author(then, rows["image_id"]),
        images_by_reason=images_by_reason(then, rows["image_id"]),
        left_out=version.summary.left_out,
        slices=_in_order(version.summary.slices),
        scores=_scores(store, version, index.about),
        index_key=index_key(version.dataset_id),
        leaves=len(index.leaves),
        own_bytes=own_bytes,
        shared_bytes=shared_bytes,
    )


def as_text(found: VersionDescription) -> str:
    """Format a version as tables."""
    return "\n".join(
        [
            f"dataset version {found.dataset_id}",
            f"cycle {found.cycle_id}, {found.started_at or 'time unknown'}, {found.images} images, "
            + (f"{found.erased} erased since, " if found.erased else "")
            + f"label kind {found.about.label_kind}",
            "",
            cross_table(found.images_by_split_and_class, "split"),
            "",
            f"label authors: {one_line(found.images_by_author)}",
            f"picked by: {one_line(found.images_by_reason)}",
            f"left out: {one_line(found.left_out)}",
            *_slice_lines(found),
            f"manifest: {found.own_bytes} bytes of its own, {found.shared_bytes} shared with earlier versions, "
            f"{found.leaves} leaves",
            f"index: {found.index_key}",
        ]
    )


def _named(rows: pl.DataFrame, objects: pl.DataFrame | None) -> pl.DataFrame:
    """Rows with LABEL_NAME; with objects, one row for each name that an image has, and one without for an empty image."""
    if objects is None:
        return rows
    names = objects.select("image_id", LABEL_NAME).unique(maintain_order=True)
    return rows.drop(LABEL_NAME).join(names, on="image_id", how="left", maintain_order="left")


def _scores(store: Store, version: VersionRecord, about: VersionAbout) -> list[Scored]:
    """Scores of all models that were evaluated on the version."""
    found: list[Scored] = []
    metric = _names(about).metric
    for cycle_id in store.state().stages:
        scored = store.find_summary(cycle_id, EvaluateModelSummary)
        if scored is not None and scored.dataset_id == version.dataset_id:
            bounds = {metric: scored.score, f"{metric}_low": scored.score_low, f"{metric}_high": scored.score_high}
            found.append({"cycle_id": cycle_id, "model_digest": scored.model_digest, **bounds, "slices": scored.slices})
    return found


def _in_order(slices: dict[str, N]) -> dict[str, N]:
    """Golden first; an event holds the names in alphabetical order."""
    return {name: slices[name] for name in SLICES if name in slices}


def _slice_lines(described: VersionDescription) -> list[str]:
    """Lines on the slices of test, and on scores of models on test and on each slice; none without both."""
    lines = [f"test images also scored separately: {one_line(described.slices)}"] if described.slices else []
    names = _names(described.about)
    for one in described.scores:
        figures = [_figure(f"test, {names.words}", one, names.metric)]
        slices = one["slices"] if isinstance(one["slices"], dict) else {}
        figures += [_figure(name, found, names.image_metric) for name, found in _in_order(slices).items()]
        if known := [figure for figure in figures if figure]:
            lines.append(f"model {str(one['model_digest'] or '')[:12]} of cycle {one['cycle_id']}: {'; '.join(known)}")
    return lines


def _names(about: VersionAbout) -> ScoreNames:
    names: ScoreNames = kind_of_version(about.label_kind, about.vocabulary, about.options).scoring.names
    return names


def _figure(name: str, figures: Mapping[str, object], metric: str) -> str:
    value, low, high = (figures.get(f"{metric}{end}") for end in ("", "_low", "_high"))
    if not isinstance(value, float):
        return ""
    bounds = f" ({100 * low:.1f} to {100 * high:.1f})" if isinstance(low, float) and isinstance(high, float) else ""
    return f"{name} {100 * value:.1f} %{bounds}"


def _manifest_bytes(store: Store, dataset_id: str, leaves: Sequence[IndexedLeaf]) -> tuple[int, int]:
    """Bytes of the index and of leaves that this version wrote, and of leaves that an earlier one wrote."""
    mine = index_key(dataset_id).rpartition("/")[0] + "/"
    own_bytes, shared_bytes = len(store.objects.read(index_key(dataset_id)).content), 0
    for leaf in leaves:
        size_bytes = len(store.objects.read(leaf.key).content) if leaf.size_bytes is None else leaf.size_bytes
        if leaf.key.startswith(mine):
            own_bytes += size_bytes
        else:
            shared_bytes += size_bytes
    return own_bytes, shared_bytes
