"""Tests of held-out validation images: taken from train if a version has none, by whole groups."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.datasets.held_out import training_and_validation_rows


def rows(groups: str, classes: str, splits: list[str] | None = None) -> pl.DataFrame:
    """One image a letter: its group, and its class."""
    names = [f"image {number}" for number in range(len(groups))]
    split = splits or ["train"] * len(groups)
    return pl.DataFrame({"image_id": names, "split_group_id": list(groups), "split": split, "class_name": list(classes)})


def parts(version: pl.DataFrame, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    return training_and_validation_rows(version, version["class_name"], seed)


def test_training_parts__uses_the_validation_images_that_there_are() -> None:
    train, val = parts(rows("abc", "xyx", ["train", "val", "test"]), seed=0)

    assert train["split_group_id"].to_list() == ["a"]
    assert val["split_group_id"].to_list() == ["b"]


def test_training_parts__holds_out_whole_groups() -> None:
    version = rows("aabbccddeeffgghhiijj" * 2, "xxyy" * 10)

    train, val = parts(version, seed=0)

    assert val.height == 4
    assert train.height == 36
    assert not set(train["split_group_id"]) & set(val["split_group_id"])
    assert parts(version, seed=0)[1].equals(val)


def test_training_parts__never_holds_out_the_last_group_of_a_class() -> None:
    train, _ = parts(rows("abcdefgh", "xxxxxxxy"), seed=3)

    assert set(train["class_name"]) == {"x", "y"}


def test_training_parts__validates_on_the_training_images_where_nothing_can_be_held_out() -> None:
    train, val = parts(rows("ab", "xy"), seed=0)

    assert train.equals(val)
