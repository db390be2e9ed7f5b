"""Names that the images of a dataset version show, for any kind."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.kinds.kind import Kind


def shown_names(kind: Kind, images: pl.DataFrame) -> pl.DataFrame:
    """`split` and `name` of the images: a row for each class that an image shows, or else for the name that represents it."""
    representing = kind.choosing.names(images).to_list()
    objects = images["objects"].to_list() if "objects" in images.columns else [None] * images.height
    said = [sorted({one["class_name"] for one in of or () if one["class_name"]}) for of in objects]
    names = [shown or [str(name)] for shown, name in zip(said, representing, strict=True)]
    listed = pl.Series("name", names, dtype=pl.List(pl.String))
    return images.select(pl.col("split").cast(pl.String), listed).explode("name")
