"""Tests of garbage collection: unneeded objects are removed in two phases, others never."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import polars as pl
import pytest
from given import STARTED_AT, an_open_cycle
from given_garbage import A_YEAR_ON, DAY, PATIENCE, a_root_with_garbage, a_running_cycle, an_issue
from given_version import a_version

from pipeline_tasks.errors import StorageError
from pipeline_tasks.records.project_state import Collection
from pipeline_tasks.records.train_model import TrainModelSummary
from pipeline_tasks.storage.blobs.originals import put_original
from pipeline_tasks.storage.blobs.thumbnails import put_thumbnail
from pipeline_tasks.storage.care import collecting
from pipeline_tasks.storage.care.collecting import Collected, collect, plan
from pipeline_tasks.storage.care.verifying import verify_objects
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.ledger import state
from pipeline_tasks.storage.ledger.events import Event
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.trash import move_to_trash
from pipeline_tasks.storage.tables.table_files import TableFile, encode, read_shard
from pipeline_tasks.storage.versions.published_files import Publication, put_folder, record_publication
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.quality_issue import QualityIssue
from pipeline_tasks.tables.unneeded_object import UnneededObject


@dataclass(frozen=True)
class Recorded:
    """Record of the stages of these tests."""

    rows: int
    skipped: str | None = None
    view_recipe: str | None = None


def planned(store: Store, now: datetime, *, is_real: bool = True) -> tuple[pl.DataFrame, int]:
    """A plan as the stage records it; its rows and its event's number."""
    cycle_id = f"{now:%Y-%m-%dT%H%M%S}"
    an_open_cycle(store, cycle_id)
    rows = plan(store, now, PATIENCE)
    sets = [Collection(cycle_id)] if is_real else []
    store.finish(cycle_id, "plan_collection", Recorded(rows.height), [(UnneededObject, rows)], sets=sets)
    event = store.event(cycle_id, "plan_collection")
    assert event is not None
    return rows, event.sequence


def tended(store: Store, now: datetime) -> Collected:
    """Plan and collect at this time."""
    return collect(store, *planned(store, now))


def actions(rows: pl.DataFrame) -> dict[str, str]:
    return dict(rows.select("key", pl.col("action").cast(pl.String)).iter_rows())


def test_plan__names_exactly_the_unneeded_objects_and_moves_nothing_at_first(store: Store) -> None:
    garbage = a_root_with_garbage(store)
    before = list(store.objects.list(""))

    rows = plan(store, A_YEAR_ON, PATIENCE)

    assert actions(rows) == dict.fromkeys(
        sorted([garbage.original, garbage.table, garbage.part, garbage.leaf, garbage.index]), "wait"
    )
    assert dict(rows.select("key", "kind").iter_rows())[garbage.leaf] == "version leaf"
    assert list(store.objects.list("")) == before


def test_collect__moves_old_objects_to_the_trash_and_later_deletes_them(disk_store: Store) -> None:
    store = disk_store
    garbage = a_root_with_garbage(store)
    content = store.objects.read(garbage.original).content
    assert tended(store, A_YEAR_ON).moved == 0
    assert tended(store, A_YEAR_ON + DAY).moved == 0, "it is two days old at least"

    moved = tended(store, A_YEAR_ON + 2 * DAY)

    assert (moved.moved, moved.deleted, moved.spared) == (5, 0, 0)
    assert moved.kinds == {"original": 1, "table": 1, "part": 1, "version leaf": 1, "version index": 1}
    assert store.objects.read(layout.trash(garbage.original)).content == content
    assert not [key for key in store.objects.list("") if key == garbage.original]
    assert tended(store, A_YEAR_ON + 10 * DAY).deleted == 0
    assert tended(store, A_YEAR_ON + 16 * DAY).deleted == 5
    assert list(store.objects.list(layout.TRASH)) == []
    assert verify_objects(store.objects)[0].damaged == []


def test_plan__waits_if_the_clock_jumps_back(store: Store) -> None:
    garbage = a_root_with_garbage(store)
    planned(store, A_YEAR_ON)

    assert actions(plan(store, A_YEAR_ON - 400 * DAY, PATIENCE))[garbage.original] == "wait"


def test_plan__keeps_objects_that_a_running_cycle_has_written(store: Store) -> None:
    keys = a_running_cycle(store, STARTED_AT)
    planned(store, STARTED_AT)

    assert actions(plan(store, STARTED_AT + 29 * DAY, PATIENCE)) == {}
    abandoned = actions(plan(store, STARTED_AT + 31 * DAY, PATIENCE))
    assert abandoned == dict.fromkeys(keys.values(), "wait"), "first seen only now, since it was needed until now"


def test_plan__keeps_published_objects(store: Store) -> None:
    key = put_folder(store.objects, f"{hashlib.md5(b'[]').hexdigest()}.dir", b"[]")
    assert actions(plan(store, A_YEAR_ON, PATIENCE)) == {key: "wait"}

    record_publication(store.objects, Publication("a" * 64, "originals", key, {}))

    assert actions(plan(store, A_YEAR_ON, PATIENCE)) == {}


def test_plan__never_touches_foreign_files(store: Store) -> None:
    store.objects.write_new("notes/of a person.txt", b"mine")
    planned(store, A_YEAR_ON)

    assert actions(plan(store, A_YEAR_ON + 365 * DAY, PATIENCE)) == {}


@pytest.mark.parametrize("prefix", ["ledger/", "tables/images/", "versions/"])
def test_plan__refuses_if_an_object_with_names_of_others_cannot_be_read(store: Store, prefix: str) -> None:
    a_version(store, range(4))
    key = [key for key in store.objects.list(prefix) if prefix != "versions/" or key.endswith("index.json")][-1]
    store.objects.replace(key, b"rot", store.objects.read(key).etag)

    with pytest.raises(StorageError, match=rf"cannot be read \({key}\): run verify_store first"):
        plan(store, A_YEAR_ON, PATIENCE)


def test_plan__restores_objects_from_the_trash_that_are_needed_again(store: Store) -> None:
    a_version(store, range(2))
    key = next(iter(store.objects.list(layout.ORIGINALS)))
    content = store.objects.read(key).content
    move_to_trash(store.objects, key)

    rows, sequence = planned(store, A_YEAR_ON)

    assert actions(rows) == {key: "put_back"}
    assert collect(store, rows, sequence).put_back == 1
    assert store.objects.read(key).content == content
    assert list(store.objects.list(layout.TRASH)) == []


def test_collect__does_not_restore_damaged_bytes_from_the_trash(store: Store) -> None:
    a_version(store, range(2))
    key = next(iter(store.objects.list(layout.ORIGINALS)))
    move_to_trash(store.objects, key)
    store.objects.replace(layout.trash(key), b"rot", store.objects.read(layout.trash(key)).etag)

    with pytest.raises(StorageError, match=f"trash/{key}: is needed, but is damaged: wanted md5"):
        tended(store, A_YEAR_ON)


def test_collect__keeps_objects_that_an_event_has_named_since_the_plan(store: Store) -> None:
    garbage = a_root_with_garbage(store)
    planned(store, A_YEAR_ON)
    rows, sequence = planned(store, A_YEAR_ON + 2 * DAY)
    name_the_left_over_table(store, "2026-12-01")

    done = collect(store, rows, sequence)

    assert (done.moved, done.spared) == (4, 1)
    assert store.objects.read(garbage.table).content


def test_collect__restores_an_object_that_is_named_while_it_is_moved(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    garbage = a_root_with_garbage(store)
    planned(store, A_YEAR_ON)
    rows, sequence = planned(store, A_YEAR_ON + 2 * DAY)
    event = event_that_names_the_left_over_table(store, "2026-12-01")

    def move_and_name(objects: object, key: str, is_needed: Callable[[], bool]) -> bool:
        is_moved = move_to_trash(store.objects, key, is_needed)
        if key == garbage.table:
            # Another process that knows nothing of collections, and so does not look for itself.
            store.objects.write_new(layout.event(event.sequence), event.as_bytes())
        return is_moved

    monkeypatch.setattr(collecting, "move_to_trash", move_and_name)
    done = collect(store, rows, sequence)

    assert (done.moved, done.put_back) == (5, 1)
    assert store.read(QualityIssue, "2026-12-01").height == 1


def test_finish__restores_objects_that_were_collected_while_its_cycle_ran(store: Store) -> None:
    garbage = a_root_with_garbage(store)
    an_open_cycle(store, "2026-12-01")
    planned(store, A_YEAR_ON)
    rows, sequence = planned(store, A_YEAR_ON + 2 * DAY)
    event = event_that_names_the_left_over_table(store, "2026-12-01")
    collect(store, rows, sequence)
    assert not list(store.objects.list(garbage.table))

    name_the_left_over_table(store, "2026-12-01", is_written=False)

    assert store.read(QualityIssue, "2026-12-01").height == 1
    assert event.tables[0].key == garbage.table


def test_finish__fails_if_an_object_that_it_named_was_deleted(store: Store) -> None:
    a_root_with_garbage(store)
    planned(store, A_YEAR_ON)

    with pytest.raises(StorageError, match="1 objects that were just named are neither in the store nor in its trash"):
        name_the_left_over_table(store, "2026-12-01", is_written=False, cycle_of_table="2026-11-30")


def test_parts__of_a_recorded_cycle_are_removed_and_those_of_the_next_are_kept(store: Store) -> None:
    keys = a_running_cycle(store, STARTED_AT)
    rows = read_shard(store.objects, Image, "2026-11-21", 0)
    store.finish("2026-11-21", "record_images", Recorded(1), [(Image, rows)])

    assert actions(plan(store, STARTED_AT, PATIENCE)) == {keys["part"]: "wait"}


def test_snapshots__are_kept_at_intervals_for_past_states(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "SNAPSHOT_EVERY_EVENTS", 2)
    monkeypatch.setattr("pipeline_tasks.storage.care.references.SNAPSHOT_KEPT_EVERY_EVENTS", 4)
    for day in range(1, 11):
        an_open_cycle(store, f"2026-11-{day:02d}")
    store.state()

    gone = sorted(actions(plan(store, A_YEAR_ON, PATIENCE)))

    assert gone == [layout.snapshot(2), layout.snapshot(6)]


def test_views__of_a_recipe_that_trainings_no_longer_use_are_removed(store: Store) -> None:
    a_version(store, range(2))
    known = store.history(Image)["image_id"][0]
    put_thumbnail(store.objects, known, b"small")
    put_thumbnail(store.objects, "0" * 64, b"of nobody")
    for recipe in ("old", "new"):
        store.objects.write_new(layout.derived(recipe, f"{known[:2]}/{known}.npy"), b"views")
    assert actions(plan(store, A_YEAR_ON, PATIENCE)) == {f"derived/thumbnail-160/00/{'0' * 64}.jpg": "wait"}

    store.finish("2026-11-21", "train_model", TrainModelSummary(None, view_recipe="new"))

    found = actions(plan(store, A_YEAR_ON, PATIENCE))
    assert sorted(found) == [f"derived/old/{known[:2]}/{known}.npy", f"derived/thumbnail-160/00/{'0' * 64}.jpg"]


def test_collect__treats_an_object_that_was_written_again_as_new(store: Store) -> None:
    garbage = a_root_with_garbage(store)
    content = store.objects.read(garbage.original).content
    for days in (0, 2):
        tended(store, A_YEAR_ON + days * DAY)
    put_original(store.objects, content)

    assert actions(planned(store, A_YEAR_ON + 3 * DAY)[0])[garbage.original] == "purge", "the copy in the trash, at once"
    assert tended(store, A_YEAR_ON + 3.1 * DAY).moved == 0
    assert actions(planned(store, A_YEAR_ON + 3.2 * DAY)[0])[garbage.original] == "wait"
    assert tended(store, A_YEAR_ON + 4 * DAY).moved == 0
    assert tended(store, A_YEAR_ON + 6 * DAY).moved == 1


def test_put_original__writes_an_object_again_that_is_in_the_trash(store: Store) -> None:
    _, md5 = put_original(store.objects, b"seen again")
    move_to_trash(store.objects, layout.original(md5))

    put_original(store.objects, b"seen again")

    assert store.objects.read(layout.original(md5)).content == b"seen again"


def name_the_left_over_table(store: Store, cycle_id: str, *, is_written: bool = True, cycle_of_table: str = "2026-11-21") -> None:
    """End a stage whose writer found its table there already, as a killed one had left it."""
    event = event_that_names_the_left_over_table(store, cycle_id, cycle_of_table)
    if is_written:
        assert store.objects.read(event.tables[0].key).content
    an_open_cycle(store, cycle_id)
    store.record(cycle_id, "find_quality_issues", Recorded(1), event.tables)


def event_that_names_the_left_over_table(store: Store, cycle_id: str, cycle_of_table: str = "2026-11-21") -> Event:
    sha256 = hashlib.sha256(encode(QualityIssue, an_issue("left over"))).hexdigest()
    file = TableFile("quality_issues", cycle_id, layout.table("quality_issues", cycle_of_table, sha256), sha256, 1)
    return Event(store.state().sequence + 1, cycle_id, "find_quality_issues", {}, (file,))
