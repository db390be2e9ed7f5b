"""Images eligible for selection: one of each duplicate group, of sufficient quality, never selected before."""

from __future__ import annotations

from dataclasses import dataclass, field
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
    large_clips: dict[str, int] = field(default_factory=dict)
    """Clip → its images, of the clips that are larger than the budget and would be selected whole; the largest first."""


def candidates(
    images: pl.DataFrame,
    duplicate_groups: pl.DataFrame,
    split_groups: pl.DataFrame,
    quarantined: set[str],
    selected: set[str],
    representative: Literal["largest", "first"],
    clips: pl.DataFrame | None = None,
) -> Candidates:
    """Return the best usable image of each duplicate group from which none was selected before.

    With `clips` (image_id, clip), an eligible image brings all usable images of its clip that were not selected themselves.

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
    is_asked = pl.col("duplicate_group_id").is_in(asked.to_list())
    open_rows = rows.filter(~is_asked)
    eligible = open_rows.filter(representatives(open_rows, representative))
    kept = eligible["image_id"].to_list() + ([] if clips is None else _of_their_clips(rows, eligible, clips, selected))
    rows = _keep(rows, ~is_asked | pl.col("image_id").is_in(kept), "asked_about_before", left_out)
    rows = _keep(rows, pl.col("image_id").is_in(kept), "redundant", left_out)
    return Candidates(rows.select("image_id", "duplicate_group_id", "split_group_id"), left_out)


def without_large_clips(found: Candidates, clips: pl.DataFrame, budget: int) -> Candidates:
    """Leave out images of clips (image_id, clip) that no selection of this budget can take whole."""
    sizes = clips.join(found.images, on="image_id", how="semi").group_by("clip").len().sort(-pl.col("len").cast(pl.Int64), "clip")
    large = sizes.filter((pl.col("len") > budget) & (budget > 0))
    of_large = clips.join(large, on="clip", how="semi")["image_id"].to_list()
    left_out = dict(found.left_out)
    images = _keep(found.images, ~pl.col("image_id").is_in(of_large), "of_a_clip_larger_than_the_budget", left_out)
    return Candidates(images, left_out, dict(large.iter_rows()))


def _of_their_clips(usable: pl.DataFrame, eligible: pl.DataFrame, clips: pl.DataFrame, selected: set[str]) -> list[str]:
    """Usable images of the clips of eligible ones, but for those that were selected."""
    begun = clips.join(eligible, on="image_id", how="semi").select("clip").unique()
    frames = clips.join(begun, on="clip", how="semi").join(usable, on="image_id", how="semi")
    return frames.filter(~pl.col("image_id").is_in(list(selected)))["image_id"].to_list()


def _keep(rows: pl.DataFrame, wanted: pl.Expr | pl.Series, why_not: str, left_out: dict[str, int]) -> pl.DataFrame:
    """Filter, and count the removed rows."""
    kept = rows.filter(wanted)
    if kept.height < rows.height:
        left_out[why_not] = rows.height - kept.height
    return kept
