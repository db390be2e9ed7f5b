"""Images eligible for selection: one of each duplicate group, of sufficient quality, never selected before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

from pipeline_tasks.selection.representatives import representatives


@dataclass(frozen=True)
class Candidates:
    """Eligible images, and the reasons why others are not."""

    images: pl.DataFrame
    """image_id, duplicate_group_id and split_group_id, in history order."""
    left_out: dict[str, int]
    """Reason → number of images."""


def candidates(
    images: pl.DataFrame,
    duplicate_groups: pl.DataFrame,
    split_groups: pl.DataFrame,
    quarantined: set[str],
    selected: set[str],
    representative: Literal["largest", "first"],
) -> Candidates:
    """Return the best usable image of each duplicate group from which none was selected before.

    `images` holds all images with an embedding, in history order, with the columns that `representatives` ranks by. An image
    without a split group is contested or was not searched yet.
    """
    left_out: dict[str, int] = {}
    rows = images
    one_group = duplicate_groups.filter(~pl.col("is_contested")).select("image_id", "duplicate_group_id")
    rows = _keep(rows, ~pl.col("image_id").is_in(list(quarantined)), "quarantined", left_out)
    contested = duplicate_groups.filter("is_contested")["image_id"].unique()
    rows = _keep(rows, ~pl.col("image_id").is_in(contested.to_list()), "contested", left_out)
    rows = _keep(rows, pl.col("image_id").is_in(one_group["image_id"].to_list()), "not_searched", left_out)
    rows = rows.join(one_group, on="image_id", maintain_order="left").join(split_groups, on="image_id", maintain_order="left")
    asked = one_group.filter(pl.col("image_id").is_in(list(selected)))["duplicate_group_id"].unique()
    rows = _keep(rows, ~pl.col("duplicate_group_id").is_in(asked.to_list()), "asked_about_before", left_out)
    rows = _keep(rows, representatives(rows, representative), "redundant", left_out)
    return Candidates(rows.select("image_id", "duplicate_group_id", "split_group_id"), left_out)


def _keep(rows: pl.DataFrame, wanted: pl.Expr | pl.Series, why_not: str, left_out: dict[str, int]) -> pl.DataFrame:
    """Filter, and count the removed rows."""
    kept = rows.filter(wanted)
    if kept.height < rows.height:
        left_out[why_not] = rows.height - kept.height
    return kept
