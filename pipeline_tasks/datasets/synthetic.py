"""Rendered and generated images: a bounded share of training, and no part of validation or test.

A test of them would tell how well a model knows the renderer, and a choice of epochs by them would, too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import polars as pl

NOT_IN_TRAIN, OVER_RATIO = "synthetic_not_in_train", "over_synthetic_ratio"
"""Reasons to leave a synthetic image out of a version."""
POLICY = "synthetic"
"""Policy of a split group that goes to train because a synthetic image of it was picked."""


def synthetic_images(sightings: pl.DataFrame) -> frozenset[str]:
    """Images that any source says are rendered or generated (`sightings`: image_id, is_synthetic)."""
    return frozenset(sightings.filter("is_synthetic")["image_id"])


def outside_training(rows: pl.DataFrame, synthetic: Collection[str]) -> dict[str, str]:
    """Synthetic images of a version's rows that are in val or test → reason to leave them out."""
    outside = rows.filter(pl.col("split").cast(pl.String) != "train", pl.col("image_id").is_in(list(synthetic)))
    return dict.fromkeys(outside["image_id"], NOT_IN_TRAIN)


def over_ratio(rows: pl.DataFrame, synthetic: Collection[str], max_ratio: float) -> dict[str, str]:
    """Synthetic training images beyond `max_ratio` of all training images → reason to leave them out.

    Those that stay have the smallest image ids: a choice by chance that stays the same when images come, so that versions grow.
    """
    train = rows.filter(pl.col("split").cast(pl.String) == "train")["image_id"]
    found = sorted(one for one in train if one in synthetic)
    allowed = room(len(train) - len(found), max_ratio)
    return {} if allowed is None else dict.fromkeys(found[allowed:], OVER_RATIO)


def room(real: int, max_ratio: float) -> int | None:
    """Maximum number of synthetic images beside these real ones; None: any number."""
    # The small addend keeps 0.2 of 5 from becoming 0 by rounding.
    return None if max_ratio >= 1 else int(real * max_ratio / (1 - max_ratio) + 1e-9)


def groups_for_training(picks: Iterable[tuple[str, str]], synthetic: Collection[str], standing: Mapping[str, str]) -> list[str]:
    """Split groups without a split that a synthetic pick puts into train (`picks`: image_id, split_group_id)."""
    return sorted({group for image_id, group in picks if image_id in synthetic and group not in standing})
