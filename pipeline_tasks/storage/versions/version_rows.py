"""Rows of a dataset version as label kinds read them: the manifest, with the objects that were frozen beside it."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.dataset_image import LABEL_NAME, DatasetImage
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.label_object import DatasetObject

OBJECTS = "objects"


def version_rows(store: Store, cycle_id: str, *, has_sizes: bool = False) -> pl.DataFrame:
    """Rows of the version that a cycle built.

    If its kind keeps objects, also `objects`, a list of rows of `dataset_objects` (empty if nothing is there), and with `has_sizes`
    the images' `width_px` and `height_px`.
    """
    manifest = store.read(DatasetImage, cycle_id)
    if not store.has(DatasetObject, cycle_id):
        return manifest
    joined = with_objects(manifest, store.read(DatasetObject, cycle_id))
    if not has_sizes:
        return joined
    sizes = store.rows_of(Image, manifest["image_id"], columns=["image_id", "width_px", "height_px"]).unique("image_id")
    return joined.join(sizes, on="image_id", how="left", maintain_order="left")


def with_objects(manifest: pl.DataFrame, objects: pl.DataFrame) -> pl.DataFrame:
    """Rows of a manifest with their `objects`, rows of `dataset_objects`; an empty list for an image in which nothing is there."""
    kept = objects.sort("image_id", "object_index")
    grouped = kept.group_by("image_id", maintain_order=True).agg(pl.struct(pl.exclude("image_id")).alias(OBJECTS))
    joined = manifest.join(grouped, on="image_id", how="left", maintain_order="left")
    return joined.with_columns(pl.col(OBJECTS).fill_null([]))


def kept_objects(store: Store, cycle_id: str) -> pl.DataFrame | None:
    """Rows of `dataset_objects` of the version that a cycle built; None if its kind keeps none."""
    return store.read(DatasetObject, cycle_id) if store.has(DatasetObject, cycle_id) else None


def named_rows(store: Store, cycle_id: str) -> pl.DataFrame:
    """image_id, split and LABEL_NAME of the version that a cycle built: a row an object if its kind keeps them, else an image."""
    manifest = store.read(DatasetImage, cycle_id).select("image_id", "split", LABEL_NAME)
    if not store.has(DatasetObject, cycle_id):
        return manifest
    kept = store.read(DatasetObject, cycle_id).select("image_id", LABEL_NAME)
    return manifest.drop(LABEL_NAME).join(kept, on="image_id", maintain_order="left")
