"""Tests of compacted tables: a cache with the content of many files, which can be deleted."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl
import pytest
from a_counting_store import CountingObjects
from given import image_id

from pipeline_tasks.storage.history.past_store import PastStore
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects import layout, spans
from pipeline_tasks.storage.objects.content_names import promise_of
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.storage.tables.compacted_tables import TableReader, keys_in_use
from pipeline_tasks.storage.tables.table_files import read_table
from pipeline_tasks.tables.duplicate_group import DuplicateGroup
from pipeline_tasks.tables.quality_issue import QualityIssue


@dataclass(frozen=True)
class Done:
    number: int


@pytest.fixture(autouse=True)
def small_fanout() -> Iterator[None]:
    usual, spans.FANOUT = spans.FANOUT, 2
    yield
    spans.FANOUT = usual


def a_night(store: Store, number: int) -> None:
    """One issue on an image of its own, and three images in groups, of which two were in others before."""
    issues = pl.DataFrame({"image_id": [image_id(number)], "rule": "flat", "value": float(number), "limit": 6.0})
    drawn = random.Random(number).sample(range(8), 3) if number % 3 else []
    ids = {"image_id": [image_id(one) for one in drawn], "duplicate_group_id": [image_id(number) for _ in drawn]}
    groups = pl.DataFrame(ids, schema={"image_id": pl.String, "duplicate_group_id": pl.String}).with_columns(is_contested=False)
    store.finish(f"night-{number:03d}", "look", Done(number), [(QualityIssue, issues), (DuplicateGroup, groups)])


def newest_by_hand(store: Store) -> dict[str, str]:
    found: dict[str, str] = {}
    for file in store.files(DuplicateGroup):
        found |= dict(read_table(store.objects, DuplicateGroup, file).select("image_id", "duplicate_group_id").iter_rows())
    return found


def issues_by_hand(store: Store) -> pl.DataFrame:
    return pl.concat([read_table(store.objects, QualityIssue, file) for file in store.files(QualityIssue)])


def test_reading__gives_the_rows_of_all_files_after_every_night(store: Store) -> None:
    for number in range(1, 20):
        a_night(store, number)

        assert store.history(QualityIssue).equals(issues_by_hand(store))
        assert dict(store.current(DuplicateGroup).select("image_id", "duplicate_group_id").iter_rows()) == newest_by_hand(store)
        assert store.current(DuplicateGroup)["image_id"].is_unique().all()


def test_reading__gives_the_same_rows_without_any_cache_and_with_damaged_ones(store: Store) -> None:
    for number in range(1, 14):
        a_night(store, number)
        store.history(QualityIssue)
        store.current(DuplicateGroup)
    wanted = store.history(QualityIssue), store.current(DuplicateGroup)
    caches = list(store.objects.list(layout.COMPACTED))
    assert len(caches) >= 10

    for number, key in enumerate(caches):
        standing = store.objects.read(key)
        if number % 3 == 0:
            store.objects.delete(key)
        else:
            # Torn, or swapped with another one that is whole.
            other = store.objects.read(caches[number - 1]).content if number % 3 == 2 else standing.content[:-7]
            store.objects.replace(key, other, standing.etag)
        fresh = Store(store.objects)
        assert fresh.history(QualityIssue).equals(wanted[0])
        assert fresh.current(DuplicateGroup).equals(wanted[1])


def test_reading__opens_a_few_objects_for_any_number_of_nights() -> None:
    spans.FANOUT = 8
    objects = CountingObjects(MemoryObjects())
    store = Store(objects)
    opened = {}
    for number in range(1, 65):
        a_night(store, number)
        Store(objects).history(QualityIssue)
        fresh = Store(objects)
        fresh.state()
        objects.reset()
        fresh.history(QualityIssue)
        opened[number] = len(objects.opened())

    # The rows, and one look whether there is a newer event.
    assert max(opened.values()) <= 3
    assert opened[60] == opened[10] == opened[30]


def test_columns_and_rows__are_those_asked_for(store: Store) -> None:
    for number in range(1, 12):
        a_night(store, number)
    two = [image_id(3), image_id(9)]

    assert store.history(QualityIssue, ["value"]).columns == ["value"]
    assert store.rows_of(QualityIssue, two, columns=["value"])["value"].to_list() == [3.0, 9.0]
    assert store.rows_of(QualityIssue, [image_id("nobody")]).is_empty()
    assert store.known(QualityIssue, [*two, image_id("nobody")]) == set(two)
    assert store.known(QualityIssue, []) == frozenset()
    assert store.count(QualityIssue) == 11


def test_rows_of__contain_no_superseded_row(store: Store) -> None:
    for number in range(1, 12):
        a_night(store, number)
    newest = newest_by_hand(store)

    for group in {*newest.values(), image_id(1)}:
        found = store.rows_of(DuplicateGroup, [group], "duplicate_group_id")["image_id"].to_list()
        assert set(found) == {one for one, other in newest.items() if other == group}


def test_past__has_the_rows_known_at_that_time_and_writes_nothing(store: Store) -> None:
    for number in range(1, 12):
        a_night(store, number)
        store.history(QualityIssue)
    before = list(store.objects.list(""))

    then = PastStore(store.objects, 7)

    assert then.history(QualityIssue)["value"].to_list() == [float(number) for number in range(1, 8)]
    assert list(store.objects.list("")) == before


def test_caches__of_replaced_files_are_not_kept(store: Store) -> None:
    for number in range(1, 4):
        a_night(store, number)
    files = store.files(QualityIssue)
    late = TableReader(store.objects, lambda _: files[1:])

    assert pl.concat(late.pieces(QualityIssue, files)).height == 3
    assert list(store.objects.list(layout.COMPACTED)) == []


def test_keys_in_use__are_those_that_a_reader_writes(store: Store) -> None:
    for number in range(1, 12):
        a_night(store, number)
    store.history(QualityIssue)

    there = set(store.objects.list(layout.compacted("quality_issues", "")))
    assert set(keys_in_use(QualityIssue, store.files(QualityIssue))) == there
    for key in there:
        promise = promise_of(key)
        assert promise is not None
        assert promise(store.objects.read(key).content) is None
        assert promise(store.objects.read(key).content[:-1]) is not None
