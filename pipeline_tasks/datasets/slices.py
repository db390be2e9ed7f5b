"""Slices of the test split, each scored on its own: golden images, recent ones, and the random ones of a curated test."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from pipeline_tasks.tables.slice_image import SLICES, SliceImage
from pipeline_tasks.tables.table import Rows, check


def slice_test_images(
    rows: pl.DataFrame, golden: Collection[str], recent: Collection[str], *, is_curated: bool
) -> Rows[SliceImage]:
    """Rows of the slices of a version (image_id, split, is_control): test images only, so that no model was trained on them.

    `golden` and `recent` are images of any split. Golden images are in no other slice, because a person's choice does not
    represent the images that arrive. Sorted by slice and image_id.
    """
    test = rows.filter(pl.col("split") == "test")
    is_golden = pl.col("image_id").is_in(list(golden))
    members = {
        "golden": test.filter(is_golden),
        "recent": test.filter(~is_golden, pl.col("image_id").is_in(list(recent))),
        "control": test.filter(~is_golden, pl.col("is_control")) if is_curated else test.clear(),
    }
    named = [members[name].select(pl.lit(name).alias("slice"), "image_id").sort("image_id") for name in SLICES]
    return check(SliceImage, pl.concat(named))


def without_golden(test: pl.DataFrame, slices: pl.DataFrame) -> pl.DataFrame:
    """The test images that the gate uses: all but the golden ones, as they represent the images that arrive."""
    return test.join(slices.filter(pl.col("slice").cast(pl.String) == "golden"), on="image_id", how="anti", maintain_order="left")


def members_of(test: pl.DataFrame, slices: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Test images of each slice that has any."""
    found = {
        name: test.join(slices.filter(pl.col("slice").cast(pl.String) == name), on="image_id", how="semi", maintain_order="left")
        for name in SLICES
    }
    return {name: rows for name, rows in found.items() if rows.height}
