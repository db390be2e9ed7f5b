"""Dataset version with its images' metadata at the time when it was frozen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from pipeline_tasks.errors import StorageError
from pipeline_tasks.records.cycle import utc
from pipeline_tasks.storage.blobs.version_index import read_index
from pipeline_tasks.storage.history.past_store import PastStore
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.versions.dataset_versions import read_version
from pipeline_tasks.storage.versions.version_history import dataset_versions, find_version
from pipeline_tasks.storage.versions.version_rows import kept_objects
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.label import Label


@dataclass(frozen=True)
class FrozenVersion:
    """A version with the metadata of its images."""

    dataset_id: str
    cycle_id: str
    """The cycle that froze it."""
    frozen_at: datetime
    """Start of that cycle."""
    label_kind: str
    vocabulary: tuple[str, ...]
    rows: pl.DataFrame
    """One row an image, sorted by image_id: the manifest's columns, those of `images` and `labels`, and annotators (a list)."""
    objects: pl.DataFrame | None = None
    """Rows of `dataset_objects`; None if the kind's labels are only a name."""


def read_frozen_version(store: Store, name: str) -> FrozenVersion:
    """Read a version by its dataset_id or its first digits.

    Raises:
        SettingsError: no version matches, or several do; the message lists them.
        CorruptObjectError: a leaf or a table was changed.
        StorageError: an image of the version has no row in `images`.
    """
    version = find_version(dataset_versions(store), name)
    about = read_index(store.objects, version.dataset_id).about
    return FrozenVersion(
        version.dataset_id,
        version.cycle_id,
        utc(str(version.started_at)),
        about.label_kind,
        about.vocabulary,
        _rows(PastStore(store.objects, version.sequence), version.dataset_id),
        kept_objects(store, version.cycle_id),
    )


def _rows(store: Store, dataset_id: str) -> pl.DataFrame:
    manifest = read_version(store.objects, dataset_id)
    images = store.history(Image).unique("image_id", keep="first", maintain_order=True)
    labels = store.current(Label, ["image_id", "labels_version", "votes", "agreement_ratio"])
    annotations = store.current(Annotation).filter(pl.col("state") == "answered")
    people = annotations.group_by("image_id").agg(annotators=pl.col("annotator_id").unique().sort())
    rows = manifest.join(images, on="image_id", how="left")
    unknown = rows.filter(pl.col("md5").is_null())["image_id"]
    if len(unknown):
        raise StorageError(f"version {dataset_id}: {len(unknown)} images have no row in images, the first is {unknown[0]}")
    return rows.join(labels, on="image_id", how="left").join(people, on="image_id", how="left").sort("image_id")
