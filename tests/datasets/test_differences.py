"""The difference of two versions' rows, small enough to check by hand."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.datasets.differences import counts, difference


def rows(*lines: tuple[str, str, str | None, str]) -> pl.DataFrame:
    columns = ["image_id", "split", "class_name", "label_digest"]
    return pl.DataFrame(lines, schema=dict.fromkeys(columns, pl.String()), orient="row")


def test_difference__tells_added_removed_relabelled_and_moved_apart() -> None:
    before = rows(("1", "train", "bolt", "x"), ("2", "train", "nut", "y"), ("3", "val", "nut", "y"), ("4", "test", "nut", "y"))
    after = rows(("2", "train", "bolt", "x"), ("3", "test", "nut", "y"), ("4", "test", "nut", "y"), ("5", "train", "nut", "y"))

    found = difference(before, after)

    assert found.added.rows() == [("5", "train", "nut")]
    assert found.removed.rows() == [("1", "train", "bolt")]
    assert found.relabelled.rows() == [("2", "train", "nut", "bolt")]
    assert found.moved.rows() == [("3", "nut", "val", "test")]
    assert not found.is_none


def test_difference__sees_a_label_that_changed_within_its_class() -> None:
    found = difference(rows(("1", "train", None, "x")), rows(("1", "train", None, "y")))

    assert found.relabelled.rows() == [("1", "train", None, None)]
    assert counts(found.relabelled, "name_before", "name_after") == {"none → none": 1}


def test_difference__of_empty_or_equal_rows_is_none() -> None:
    same = rows(("1", "train", "bolt", "x"))

    assert difference(pl.DataFrame(), pl.DataFrame()).is_none
    assert difference(same, same).is_none
    assert difference(pl.DataFrame(), same).added.height == 1
