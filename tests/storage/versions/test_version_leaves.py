"""Tests of leaves: few for small versions, more for large ones, the same bytes for the same rows."""

from __future__ import annotations

import polars as pl
import pytest
from given import image_id

from pipeline_tasks.errors import TableContractError
from pipeline_tasks.storage.versions.version_leaves import choose_digits, cut, parse_leaves


def rows(count: int) -> pl.DataFrame:
    ids = sorted(image_id(number) for number in range(count))
    return pl.DataFrame({"image_id": ids, "class_name": ["bolt"] * count}, schema_overrides={"image_id": pl.String})


@pytest.mark.parametrize(
    ("count", "digits"), [(0, 0), (128, 0), (129, 1), (2048, 1), (2049, 2), (32_768, 2), (32_769, 3), (524_288, 3), (1_000_000, 4)]
)
def test_choose_digits__grow_with_the_version(count: int, digits: int) -> None:
    assert choose_digits(count) == digits


@pytest.mark.parametrize(
    ("count", "earlier", "digits"),
    [(1000, 2, 2), (512, 2, 2), (511, 2, 1), (33_000, 2, 3), (32_000, 3, 3), (8191, 3, 2), (40, 0, 0)],
)
def test_choose_digits__stay_while_leaves_are_neither_small_nor_large(count: int, earlier: int, digits: int) -> None:
    assert choose_digits(count, earlier) == digits


def test_cut__gives_each_prefix_one_leaf_in_order_and_loses_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline_tasks.storage.versions.version_leaves._SLAB_ROWS", 30)
    leaves = list(cut(rows(500), 1))

    assert [leaf.prefix for leaf in leaves] == list("0123456789abcdef")
    assert sum(leaf.rows for leaf in leaves) == 500
    assert all(line.startswith(leaf.prefix.encode()) for leaf in leaves for line in leaf.content.splitlines()[1:])
    assert parse_leaves(leaf.content for leaf in leaves).equals(rows(500))


def test_cut__does_not_depend_on_how_many_rows_are_worked_on_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = list(cut(rows(300), 2))
    monkeypatch.setattr("pipeline_tasks.storage.versions.version_leaves._SLAB_ROWS", 1)

    assert list(cut(rows(300), 2)) == at_once


def test_cut__keeps_every_text_and_tells_missing_from_empty() -> None:
    texts = ['a "bolt", M8', "", None, "Mutter ä", " spaced "]
    given = pl.DataFrame({"image_id": sorted(image_id(number) for number in range(5)), "class_name": texts})

    assert parse_leaves(leaf.content for leaf in cut(given, 0)).equals(given)


def test_cut__refuses_a_line_break() -> None:
    given = pl.DataFrame({"image_id": [image_id(1)], "class_name": ["bolt\nnut"]})

    with pytest.raises(TableContractError, match="wanted one line a row, found 2 lines in 1 rows"):
        list(cut(given, 0))


def test_cut__of_no_rows_has_no_leaf() -> None:
    assert list(cut(rows(0), 0)) == []
    assert parse_leaves([]).is_empty()
