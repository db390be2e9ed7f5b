"""Validation images for a version without any: whole split groups held out of the training images."""

from __future__ import annotations

import hashlib

import polars as pl

HELD_OUT_RATIO = 0.15


def training_and_validation_rows(rows: pl.DataFrame, names: pl.Series, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Divide a version's `rows` (image_id, split_group_id, split) into rows to train on and rows to validate on.

    `names` says for each row what it shows, so that no name is held out as a whole.

    The version's own validation images are used if it has any. Otherwise groups are held out in an order drawn from
    `seed`, never the last one of a name; if every name has only one group, the training images are also used to validate.
    """
    train, val = rows.filter(pl.col("split") == "train"), rows.filter(pl.col("split") == "val")
    if val.height:
        return train, val
    held_out = _held_out_groups(train, names.filter(rows["split"] == "train"), seed)
    if not held_out:
        return train, train
    is_held_out = pl.col("split_group_id").is_in(held_out)
    return train.filter(~is_held_out), train.filter(is_held_out)


def _held_out_groups(train: pl.DataFrame, names: pl.Series, seed: int) -> list[str]:
    groups_left = {name: set(rows_of_name["split_group_id"]) for (name,), rows_of_name in train.group_by(names)}
    held_out, images = [], 0
    sizes = dict(train.group_by("split_group_id").len().iter_rows())
    for group in sorted(sizes, key=lambda one: hashlib.sha256(f"{seed}/{one}".encode()).digest()):
        if images + sizes[group] > max(1, round(train.height * HELD_OUT_RATIO)):
            continue
        if any(left == {group} for left in groups_left.values()):
            continue
        held_out.append(group)
        images += sizes[group]
        groups_left = {name: left - {group} for name, left in groups_left.items()}
    return held_out
