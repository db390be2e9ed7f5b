"""Keys of the originals of a version's images."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.image import Image


def originals_of(store: Store, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with md5, size_bytes, file_format and orientation of each image; null for unknown images."""
    columns = ["image_id", "md5", "size_bytes", "file_format", "orientation"]
    images = store.history(Image).select(columns).unique("image_id", keep="first")
    return rows.join(images, on="image_id", how="left", maintain_order="left")
