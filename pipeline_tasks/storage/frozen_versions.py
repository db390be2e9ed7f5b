"""A dataset version with all that was known of its pictures when it was frozen, whatever was learnt since."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import polars as pl

from pipeline_tasks.cycle import utc
from pipeline_tasks.errors import NotFoundError, StorageError
from pipeline_tasks.storage.dataset_versions import read_index, read_version
from pipeline_tasks.storage.store import Store
from pipeline_tasks.storage.table_files import read_table
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.table import Table, empty

T = TypeVar("T", bound=Table)


@dataclass(frozen=True)
class FrozenVersion:
    """A version and what its pictures were known by."""

    dataset_id: str
    cycle_id: str
    """The cycle that froze it."""
    frozen_at: datetime
    """When that cycle started."""
    label_kind: str
    class_names: tuple[str, ...]
    rows: pl.DataFrame
    """One row a picture, sorted by image_id: the manifest's columns, those of `images` and `labels`, and annotators (a list)."""


def read_frozen_version(store: Store, name: str) -> FrozenVersion:
    """Read a version by its dataset_id or the beginning of one.

    Raises:
        NotFoundError: no event names such a version, or several.
        CorruptObjectError: a leaf or a table was changed.
        StorageError: a picture of the version has no row in `images`.
    """
    dataset_id, cycle_id = _find(store, name)
    about = read_index(store.objects, dataset_id)["about"]
    return FrozenVersion(
        dataset_id,
        cycle_id,
        utc(str(store.summary_of(cycle_id, "open_cycle")["started_at"])),
        str(about["label_kind"]),
        tuple(about["class_names"]),
        _rows(store, dataset_id, cycle_id),
    )


def _find(store: Store, name: str) -> tuple[str, str]:
    """dataset_id and cycle of the one version whose id starts so."""
    cycles: dict[str, str] = {}
    for file in store.files(DatasetImage):
        event = store.event(file.cycle_id, "build_dataset_version")
        if event is not None:
            cycles.setdefault(str(event.summary["dataset_id"]), file.cycle_id)
    found = [dataset_id for dataset_id in cycles if name and dataset_id.startswith(name)]
    if len(found) != 1:
        known = ", ".join(sorted(dataset_id[:12] for dataset_id in cycles)) or "none"
        raise NotFoundError(f"version: wanted the beginning of one dataset_id of {known}; {name!r} fits {len(found)} of them")
    return found[0], cycles[found[0]]


def _rows(store: Store, dataset_id: str, cycle_id: str) -> pl.DataFrame:
    manifest = pl.DataFrame(read_version(store.objects, dataset_id))
    images = store.history(Image).unique("image_id", keep="first", maintain_order=True)
    labels = _until(store, Label, cycle_id).select("image_id", "labels_version", "votes", "agreement_ratio")
    answers = _until(store, Annotation, cycle_id).filter(pl.col("state") == "answered")
    people = answers.group_by("image_id").agg(annotators=pl.col("annotator_id").unique().sort())
    rows = manifest.join(images, on="image_id", how="left")
    unknown = rows.filter(pl.col("md5").is_null())["image_id"]
    if len(unknown):
        raise StorageError(f"version {dataset_id}: {len(unknown)} pictures have no row in images, the first is {unknown[0]}")
    return rows.join(labels, on="image_id", how="left").join(people, on="image_id", how="left").sort("image_id")


def _until(store: Store, table: type[T], cycle_id: str) -> pl.DataFrame:
    """The newest rows as of this cycle: cycles opened later do not count. `Store.current` is the same as of now."""
    opened: dict[str, Any] = store.state().stages
    cycles = list(opened)[: list(opened).index(cycle_id) + 1]
    files = [file for file in store.files(table) if file.cycle_id in cycles]
    frames = [read_table(store.objects, table, file) for file in files]
    if not frames:
        return empty(table)
    assert table.superseded_by_key is not None
    marked = pl.concat([frame.with_columns(file_number=pl.lit(number)) for number, frame in enumerate(frames)])
    return marked.filter(pl.col("file_number") == pl.col("file_number").max().over(*table.superseded_by_key)).drop("file_number")
