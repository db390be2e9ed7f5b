"""Tests of stage events, the fold, and objects without an event."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import polars as pl
import pytest
from given import image_id

from pipeline_tasks.errors import CorruptObjectError, MissingStageError, StorageError, TableContractError
from pipeline_tasks.records.project_state import Engine
from pipeline_tasks.storage.history.past_store import PastStore
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.ledger import state
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.tables.table_files import decode, encode, read_shard, write_shard, write_table
from pipeline_tasks.tables.duplicate_group import DuplicateGroup
from pipeline_tasks.tables.quality_issue import QualityIssue


@dataclass(frozen=True)
class Done:
    images: int
    by_rule: dict[str, int] | None = None


def issues(*numbers: int, value: float = 1.0) -> pl.DataFrame:
    return pl.DataFrame({"image_id": [image_id(n) for n in numbers], "rule": "flat", "value": value, "limit": 6.0})


def groups(rows: dict[int, int]) -> pl.DataFrame:
    ids = {"image_id": [image_id(n) for n in rows], "duplicate_group_id": [image_id(n) for n in rows.values()]}
    return pl.DataFrame(ids).with_columns(is_contested=False)


def test_finish__returns_the_first_summary_to_the_second_writer(store: Store) -> None:
    first = store.finish("2026-11-21", "find_quality_issues", Done(1, {"flat": 1}), [(QualityIssue, issues(1))])
    second = store.finish("2026-11-21", "find_quality_issues", Done(2), [(QualityIssue, issues(1, 2))])

    assert first == second == Done(1, {"flat": 1})
    assert store.finished("2026-11-21", "find_quality_issues", Done) == first
    assert store.read(QualityIssue, "2026-11-21")["image_id"].to_list() == [image_id(1)]


def test_finish__does_not_append_after_an_event_that_it_has_not_read(store: Store) -> None:
    other = Store(store.objects)

    class Late(Store):
        """Asked for its state a second time, it sees what the other writer did meanwhile."""

        def state(self) -> state.State:
            seen = super().state()
            other.finish("2026-11-21", "stage", Done(1))
            return seen

    assert Late(store.objects).finish("2026-11-21", "stage", Done(2)) == Done(1)
    assert list(store.objects.list(layout.LEDGER)) == [layout.event(1)]


def test_finish__of_many_writers_records_each_stage_once(disk_store: Store) -> None:
    def write(number: int) -> None:
        own = Store(disk_store.objects)
        own.finish("2026-11-21", f"stage_{number % 4}", Done(number % 4))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert disk_store.state().sequence == 4
    assert {disk_store.finished("2026-11-21", f"stage_{n}", Done) for n in range(4)} == {Done(n) for n in range(4)}


def test_read__does_not_see_a_table_that_no_event_names(store: Store) -> None:
    write_table(store.objects, QualityIssue, "2026-11-21", issues(1))

    with pytest.raises(MissingStageError, match="quality_issues"):
        store.read(QualityIssue, "2026-11-21")
    assert store.history(QualityIssue).height == 0
    assert not store.has(QualityIssue, "2026-11-21")


def test_state__without_its_last_event_is_the_earlier_state(store: Store) -> None:
    store.finish("2026-11-21", "a", Done(1), [(QualityIssue, issues(1))], sets=[Engine("one")])
    before = state.read_state(store.objects)
    store.finish("2026-11-22", "a", Done(2), [(QualityIssue, issues(2))], sets=[Engine("two")])
    store.objects.delete(layout.event(2))

    assert state.read_state(store.objects) == before


def test_state__is_the_same_with_without_and_with_broken_snapshots(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "SNAPSHOT_EVERY_EVENTS", 3)
    for number in range(8):
        store.finish(f"2026-11-{number + 1:02d}", "a", Done(number), [(QualityIssue, issues(number))], sets=[Engine(f"{number}")])
    with_snapshots = state.read_state(store.objects)
    snapshots = list(store.objects.list(layout.SNAPSHOTS))
    newest = store.objects.read(snapshots[-1])
    store.objects.replace(snapshots[-1], b"{torn", newest.etag)
    with_a_broken_one = state.read_state(store.objects)
    for key in snapshots:
        store.objects.delete(key)

    assert len(snapshots) == 2
    assert with_snapshots == with_a_broken_one == state.read_state(store.objects) == store.state()


def test_finished__names_a_table_that_was_changed(store: Store) -> None:
    store.finish("2026-11-21", "a", Done(1), [(QualityIssue, issues(1))])
    file = store.files(QualityIssue)[0]
    stored = store.objects.read(file.key)
    store.objects.replace(file.key, stored.content[:-1] + b"?", stored.etag)

    with pytest.raises(CorruptObjectError, match=file.key):
        store.finished("2026-11-21", "a", Done)
    with pytest.raises(CorruptObjectError, match=file.key):
        store.read(QualityIssue, "2026-11-21")


def test_finish__records_nothing_when_rows_break_their_contract(store: Store) -> None:
    with pytest.raises(TableContractError, match="quality_issues"):
        store.finish("2026-11-21", "a", Done(1), [(QualityIssue, issues(1).with_columns(rule=pl.lit("ugly")))])

    assert store.finished("2026-11-21", "a", Done) is None


def test_current__keeps_only_the_last_files_rows_of_a_key(store: Store) -> None:
    store.finish("2026-11-21", "a", Done(1), [(DuplicateGroup, groups({1: 1, 2: 2}))])
    store.finish("2026-11-22", "a", Done(1), [(DuplicateGroup, groups({2: 1, 3: 3}))])

    rows = {row["image_id"]: row["duplicate_group_id"] for row in store.current(DuplicateGroup).to_dicts()}

    assert rows == {image_id(1): image_id(1), image_id(2): image_id(1), image_id(3): image_id(3)}
    assert store.history(DuplicateGroup).height == 4
    assert store.current(QualityIssue).height == 0


def test_encode__gives_the_same_bytes_for_the_same_rows_and_marks_them() -> None:
    assert encode(QualityIssue, issues(1, 2)) == encode(QualityIssue, issues(1, 2))
    with pytest.raises(TableContractError, match="wanted table duplicate_groups, found quality_issues"):
        decode(DuplicateGroup, encode(QualityIssue, issues(1)), "somewhere")


def test_write_part__is_replaced_whole_and_read_by_shard(store: Store) -> None:
    write_shard(store.objects, QualityIssue, "2026-11-21", 0, issues(1))
    write_shard(store.objects, QualityIssue, "2026-11-21", 0, issues(1))
    write_shard(store.objects, QualityIssue, "2026-11-21", 0, issues(2))

    assert read_shard(store.objects, QualityIssue, "2026-11-21", 0)["image_id"].to_list() == [image_id(2)]
    assert store.history(QualityIssue).height == 0


def test_past_store__refuses_finish_and_record(store: Store) -> None:
    store.finish("2026-11-21", "open_cycle", Done(0))
    past, before = PastStore(store.objects, 1), list(store.objects.list(""))

    with pytest.raises(StorageError, match="find_quality_issues cannot write: this store shows the past, up to event 1"):
        past.finish("2026-11-21", "find_quality_issues", Done(1), [(QualityIssue, issues(1))])
    with pytest.raises(StorageError, match="this store shows the past"):
        past.record("2026-11-21", "find_quality_issues", Done(1), ())

    assert list(store.objects.list("")) == before
