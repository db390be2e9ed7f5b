"""Choice of the images that a backbone is pretrained on, and of the labelled ones that it is compared on.

No image of a test or validation split and none of the golden set is used, though no label would be read: a network that has seen
these images, even without labels, describes them better than new ones, and every later figure on them would be too good.
For the same reason a part of the labelled training images is kept for the probe.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import polars as pl

from pipeline_tasks.selection.candidates import candidates

JUDGING = ("test", "val")
"""Splits whose images judge models."""


@dataclass(frozen=True)
class Pool:
    """The project's images with all that decides which are used."""

    images: pl.DataFrame
    """image_id, width_px, height_px, size_bytes, sharpness in history order."""
    duplicate_groups: pl.DataFrame
    split_groups: pl.DataFrame
    splits: pl.DataFrame
    quarantined: frozenset[str]
    golden: frozenset[str]
    labelled: pl.DataFrame
    """image_id and split_group_id of the labelled training images."""
    representative: Literal["largest", "first"]
    """Rule for which image stands for a duplicate group."""


@dataclass(frozen=True)
class Chosen:
    """Images of a pretraining."""

    rows: pl.DataFrame
    """image_id, is_trained, is_probed, by image_id."""
    left_out: dict[str, int]
    """Reason → number of images."""


def choose_images(pool: Pool, *, images: int, probe_images: int, seed: int) -> Chosen:
    """At most so many images, one of each duplicate group; labelled split groups for the probe are held out whole."""
    left_out: dict[str, int] = {}
    held = _held_out_groups(pool.labelled, probe_images, seed)
    splits = pool.splits.unique("split_group_id", keep="first", maintain_order=True)
    judging = splits.filter(pl.col("split").cast(pl.String).is_in(JUDGING))["split_group_id"]
    rows = _without(pool.images, _images_of(pool.split_groups, judging), "test_or_validation", left_out)
    rows = _without(rows, pool.golden, "golden", left_out)
    rows = _without(rows, _images_of(pool.split_groups, held), "held_out_for_the_probe", left_out)
    usable = candidates(rows, pool.duplicate_groups, pool.split_groups, set(pool.quarantined), set(), pool.representative)
    left_out |= usable.left_out
    drawn = _drawn(usable.images["image_id"], seed)
    if len(drawn) > images:
        left_out["over_the_limit"] = len(drawn) - images
    trained = frozenset(drawn[:images])
    probed = frozenset(pool.labelled.filter(pl.col("split_group_id").is_in(held))["image_id"]) - pool.golden
    used = pl.DataFrame({"image_id": sorted(trained | probed)}, schema={"image_id": pl.String})
    marked = used.with_columns(is_trained=pl.col("image_id").is_in(list(trained)), is_probed=pl.col("image_id").is_in(list(probed)))
    return Chosen(marked, left_out)


def _held_out_groups(labelled: pl.DataFrame, images: int, seed: int) -> list[str]:
    """Split groups in a drawn order until they hold so many images, at most half of all groups."""
    sizes = dict(labelled.group_by("split_group_id").len().iter_rows())
    held: list[str] = []
    for group in _drawn(sizes, seed)[: len(sizes) // 2]:
        if sum(sizes[one] for one in held) >= images:
            break
        held.append(group)
    return held


def _images_of(split_groups: pl.DataFrame, groups: Iterable[str]) -> frozenset[str]:
    return frozenset(split_groups.filter(pl.col("split_group_id").is_in(list(groups)))["image_id"])


def _without(rows: pl.DataFrame, image_ids: frozenset[str], why: str, left_out: dict[str, int]) -> pl.DataFrame:
    kept = rows.filter(~pl.col("image_id").is_in(list(image_ids)))
    if kept.height < rows.height:
        left_out[why] = rows.height - kept.height
    return kept


def _drawn(names: Iterable[str], seed: int) -> list[str]:
    """Names in an order that depends on the seed and on nothing else."""
    return sorted(names, key=lambda one: hashlib.sha256(f"{seed}/{one}".encode()).digest())
