"""The image that represents a duplicate group in labeling and training."""

from __future__ import annotations

from typing import Literal

import polars as pl

COMPARABLE_SIDE_PX = 256
"""Sharpness is measured on an image reduced to this side: only images at least this large can be compared by it."""
AS_SHARP_RATIO = 0.8
"""Of images of one size, those at least this sharp, compared with the sharpest, are as good; the one with most bytes is taken."""
UPSCALED_RATIO = 0.5
"""An image that is at most this sharp, compared with a smaller one that shows the same, was enlarged or is out of focus."""


def representatives(rows: pl.DataFrame, rule: Literal["largest", "first"]) -> pl.Series:
    """Return for each row whether it stands for its group, in the order of the rows (history order).

    `rows` has image_id, duplicate_group_id, width_px, height_px, size_bytes and sharpness. `largest` prefers most pixels, then the
    sharp ones, then most bytes (a PNG before its JPEG), then the earlier image; an enlarged copy comes after its original.
    """
    ranked = rows.with_row_index("place").with_columns(area_px=pl.col("width_px").cast(pl.Int64) * pl.col("height_px"))
    if rule == "largest":
        sharpest = pl.col("sharpness").fill_null(0.0).max().over("duplicate_group_id", "area_px")
        is_sharp = pl.col("sharpness").fill_null(0.0) >= AS_SHARP_RATIO * sharpest
        ranked = ranked.join(_enlarged(ranked), on="image_id", how="left", maintain_order="left")
        ranked = ranked.with_columns(pl.col("is_enlarged").fill_null(value=False), is_sharp=is_sharp).sort(
            "is_enlarged", "area_px", "is_sharp", "size_bytes", "place", descending=[False, True, True, True, False]
        )
    best = ranked.unique("duplicate_group_id", keep="first", maintain_order=True)["place"]
    return ranked.sort("place")["place"].is_in(best.implode())


def _enlarged(ranked: pl.DataFrame) -> pl.DataFrame:
    """Images with more pixels than another of their group, but far less sharp."""
    large = ranked.filter(pl.max_horizontal("width_px", "height_px") >= COMPARABLE_SIDE_PX)
    columns = large.select("duplicate_group_id", "image_id", "area_px", "sharpness")
    both = columns.join(columns, on="duplicate_group_id", suffix="_other").filter(
        (pl.col("area_px") > pl.col("area_px_other")) & (pl.col("sharpness") <= UPSCALED_RATIO * pl.col("sharpness_other"))
    )
    return both.select("image_id", is_enlarged=pl.lit(value=True)).unique("image_id")
