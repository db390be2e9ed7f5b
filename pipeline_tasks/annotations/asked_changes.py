"""Files of images that people are asked about, compared with what stands in the sources now."""

from __future__ import annotations

import polars as pl

_FILE = ["source", "key"]
_SEEN = pl.Schema({"source": pl.String, "key": pl.String, "image_id": pl.String})


def asked_changes(image_ids: pl.Series, seen: pl.DataFrame, missing: pl.DataFrame) -> pl.DataFrame:
    """Tell what became of each file that held one of these images: `source`, `key`, `image_id`, `change`.

    `seen` has `source`, `key`, `image_id` of every sighting of these files, in the order of time; a null image stands for content
    that is no image. `missing` has `source`, `key` of the files that are not there now. A file with its image is `there`.
    """
    seen = seen.select(_SEEN.names()).cast(_SEEN)
    now = seen.unique(_FILE, keep="last", maintain_order=True).rename({"image_id": "holds"})
    gone = missing.select(_FILE).unique().with_columns(is_gone=pl.lit(value=True))
    held = seen.filter(pl.col("image_id").is_in(image_ids.implode())).unique(maintain_order=True)
    told = held.join(now, on=_FILE, how="left").join(gone, on=_FILE, how="left")
    is_other = pl.col("holds").ne_missing(pl.col("image_id"))
    state = pl.when(is_other).then(pl.lit("overwritten")).when(pl.col("is_gone")).then(pl.lit("deleted")).otherwise(pl.lit("there"))
    told = told.with_columns(change=state)
    has_file = (pl.col("change") == "there").any().over("image_id")
    change = pl.when(has_file & (pl.col("change") != "there")).then(pl.lit("elsewhere")).otherwise("change")
    return told.with_columns(change=change).select(*_FILE, "image_id", "change").sort(_FILE)


def news_of(told: pl.DataFrame, changed: pl.DataFrame) -> pl.DataFrame:
    """Rows about files that changed since the last night; `changed` has `source`, `key`, `is_back`."""
    rows = told.join(changed.unique(_FILE, keep="last"), on=_FILE)
    came_back = pl.col("is_back") & (pl.col("change") == "there")
    rows = rows.with_columns(change=pl.when(came_back).then(pl.lit("back")).otherwise("change"))
    return rows.filter(pl.col("change") != "there").drop("is_back")
