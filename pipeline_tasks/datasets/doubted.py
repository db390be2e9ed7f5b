"""Doubted labels that nobody has looked at again, and that a project does not train on."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.tables.dataset_image import LABEL_NAME

DOUBTED_LABEL = "doubted_label"
"""Reason to leave an image out of a version."""
RARE_SHARE = 0.5
"""A name with fewer training images than this share of the mean over names keeps its doubted ones, too."""


def doubted_in_training(rows: pl.DataFrame, suspects: pl.DataFrame) -> dict[str, str]:
    """Training images of a version's rows whose label is doubted → reason to leave them out (`suspects`: image_id, given_name).

    Images in val and test stay: what is easy must not be all that models are compared on. Rare names stay whole.
    """
    train = rows.filter(pl.col("split").cast(pl.String) == "train")
    counts = train.group_by(LABEL_NAME).len()
    rare = counts.filter(pl.col("len") < RARE_SHARE * pl.col("len").mean())[LABEL_NAME]
    common = train.filter(~pl.col(LABEL_NAME).is_in(rare.implode()))
    doubted = common.join(suspects, left_on=["image_id", LABEL_NAME], right_on=["image_id", "given_name"], how="semi")
    return dict.fromkeys(doubted["image_id"], DOUBTED_LABEL)


def doubted_objects_in_training(rows: pl.DataFrame, named: pl.DataFrame, suspects: pl.Series) -> dict[str, str]:
    """The same for labels of several objects, of which one is doubted; an image with an object of a rare name stays.

    `named`: image_id and LABEL_NAME of each object; `suspects`: images.
    """
    train = rows.filter(pl.col("split").cast(pl.String) == "train")
    held = named.join(train, on="image_id", how="semi").unique()
    counts = held.group_by(LABEL_NAME).len()
    rare = counts.filter(pl.col("len") < RARE_SHARE * pl.col("len").mean())[LABEL_NAME]
    protected = held.filter(pl.col(LABEL_NAME).is_in(rare.implode()))
    doubted = train.filter(pl.col("image_id").is_in(suspects.implode())).join(protected, on="image_id", how="anti")
    return dict.fromkeys(doubted["image_id"], DOUBTED_LABEL)
