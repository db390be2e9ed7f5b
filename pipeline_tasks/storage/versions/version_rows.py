"""Rows of a dataset version as label kinds read them: the manifest, with the objects that were frozen beside it."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.label_object import DatasetObject

OBJECTS = "objects"


def version_rows(store: Store, cycle_id: str, *, has_sizes: bool = False) -> pl.DataFrame:
    """Rows of the version that a cycle built.

    If its kind keeps objects, also `objects`, a list of rows of `dataset_objects`, and with `has_sizes` the images' `width_px` and
    `height_px`.
    """
    manifest = store.read(DatasetImage, cycle_id)
    if not store.has(DatasetObject, cycle_id):
        return manifest
    kept = store.read(DatasetObject, cycle_id).sort("image_id", "object_index")
    grouped = kept.group_by("image_id", maintain_order=True).agg(pl.struct(pl.exclude("image_id")).alias(OBJECTS))
    joined = manifest.join(grouped, on="image_id", how="left", maintain_order="left")
    if not has_sizes:
        return joined
    sizes = store.rows_of(Image, manifest["image_id"], columns=["image_id", "width_px", "height_px"]).unique("image_id")
    return joined.join(sizes, on="image_id", how="left", maintain_order="left")
