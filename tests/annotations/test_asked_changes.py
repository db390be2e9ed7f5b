"""Tests of the comparison between images that people are asked about and the files at their sources."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.annotations.asked_changes import asked_changes, news_of

SEEN = ["source", "key", "image_id"]


def told(asked: list[str], seen: list[tuple[str, str | None]], missing: tuple[str, ...] = ()) -> dict[str, str]:
    rows = pl.DataFrame([("inbox", *one) for one in seen], schema=dict.fromkeys(SEEN, pl.String), orient="row")
    gone = pl.DataFrame({"source": ["inbox"] * len(missing), "key": list(missing)}, schema={"source": pl.String, "key": pl.String})
    found = asked_changes(pl.Series(asked), rows, gone)
    return {f"{image_id} in {key}": change for key, image_id, change in found.select("key", "image_id", "change").iter_rows()}


def test_asked_changes__tells_deleted_and_overwritten_files_from_those_that_hold_their_image() -> None:
    seen: list[tuple[str, str | None]] = [("a", "A"), ("b", "B"), ("c", "C"), ("b", "X")]

    assert told(["A", "B", "C"], seen, missing=("a",)) == {"A in a": "deleted", "B in b": "overwritten", "C in c": "there"}


def test_asked_changes__says_that_an_image_is_in_another_file() -> None:
    renamed = told(["A"], [("a", "A"), ("new", "A")], missing=("a",))
    moved = told(["A"], [("a", "A"), ("new", "A"), ("a", "B")])

    assert renamed == {"A in a": "elsewhere", "A in new": "there"}
    assert moved == renamed


def test_asked_changes__counts_content_that_is_no_image_as_overwritten() -> None:
    assert told(["A"], [("a", "A"), ("a", None)]) == {"A in a": "overwritten"}


def test_asked_changes__takes_a_file_that_got_its_image_back_as_there() -> None:
    assert told(["A"], [("a", "A"), ("a", "B"), ("a", "A")]) == {"A in a": "there"}


def test_news__are_only_about_changed_files_and_name_those_that_are_back() -> None:
    rows = [("inbox", "a", "A", "deleted"), ("inbox", "b", "B", "there"), ("inbox", "c", "C", "deleted")]
    state = pl.DataFrame(rows, schema=[*SEEN, "change"], orient="row")
    changed = pl.DataFrame({"source": ["inbox"] * 2, "key": ["a", "b"], "is_back": [False, True]})

    assert news_of(state, changed).select("key", "change").rows() == [("a", "deleted"), ("b", "back")]
