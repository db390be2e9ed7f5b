"""Tests of freezing the list of files that a cycle works on."""

from __future__ import annotations

from pathlib import Path

import given
import polars as pl
import pytest
from small_ingest import an_image, ingest, put_files, sources_of

from pipeline_tasks.errors import ServiceUnavailableError
from pipeline_tasks.records.list_new_images import ListNewImagesSummary
from pipeline_tasks.stages.ingest.list_new_images import list_new_images
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.new_file import NewFile


def test_list_new_images__distributes_sorted_files_over_shards(store: Store, tmp_path: Path) -> None:
    cycle = given.an_open_cycle(store, shard_images=2)
    put_files(tmp_path, dict.fromkeys(("e", "b", "a/z", "d", "c"), b"x"))

    summary = list_new_images(store, cycle, sources_of(cycle, tmp_path))
    plan = store.read(NewFile, cycle.cycle_id)

    assert summary == ListNewImagesSummary(files_seen=5, files_new=5, files_unsettled=0, shards=3)
    assert plan.select("key", "shard").rows() == [("a/z", 0), ("b", 0), ("c", 1), ("d", 1), ("e", 2)]
    assert plan["size_bytes"].to_list() == [1] * 5


def test_list_new_images__freezes_its_first_listing(store: Store, tmp_path: Path) -> None:
    cycle = given.an_open_cycle(store)
    put_files(tmp_path, {"a.png": b"x"})
    first = list_new_images(store, cycle, sources_of(cycle, tmp_path))
    put_files(tmp_path, {"b.png": b"x"})

    assert list_new_images(store, cycle, sources_of(cycle, tmp_path)) == first
    assert store.read(NewFile, cycle.cycle_id)["key"].to_list() == ["a.png"]


def test_list_new_images__leaves_what_is_not_at_rest_for_the_next_cycle(store: Store, tmp_path: Path) -> None:
    cycle = given.an_open_cycle(store, sources=[{"name": "inbox", "path": "inbox", "settle_s": 10}])
    put_files(tmp_path, {"old.png": b"x"}, age_s=10)
    put_files(tmp_path, {"young.png": b"x"}, age_s=9)

    summary = list_new_images(store, cycle, sources_of(cycle, tmp_path))

    assert (summary.files_seen, summary.files_new, summary.files_unsettled) == (2, 1, 1)
    assert store.read(NewFile, cycle.cycle_id)["key"].to_list() == ["old.png"]


def test_list_new_images__lists_only_changed_files_in_the_next_cycle(store: Store, tmp_path: Path) -> None:
    put_files(tmp_path, {"same.png": an_image(1), "changed.png": an_image(2), "broken.png": b"junk", "mended.png": b"junk"})
    ingest(store, given.an_open_cycle(store, "2026-11-21"), tmp_path)
    put_files(tmp_path, {"changed.png": an_image(3), "mended.png": an_image(4), "new.png": an_image(5)}, age_s=30)
    cycle = given.an_open_cycle(store, "2026-11-22")

    summary = list_new_images(store, cycle, sources_of(cycle, tmp_path))

    assert (summary.files_seen, summary.files_new) == (5, 3)
    assert store.read(NewFile, cycle.cycle_id)["key"].to_list() == ["changed.png", "mended.png", "new.png"]


def test_list_new_images__lists_a_file_again_that_had_vanished(store: Store, tmp_path: Path) -> None:
    cycle = given.an_open_cycle(store, "2026-11-21")
    put_files(tmp_path, {"a.png": an_image(1)})
    list_new_images(store, cycle, sources_of(cycle, tmp_path))
    (tmp_path / "inbox/a.png").unlink()
    assert ingest(store, cycle, tmp_path).rejected_by_reason == {"vanished": 1}
    put_files(tmp_path, {"a.png": an_image(1)})

    following = given.an_open_cycle(store, "2026-11-22")

    assert ingest(store, following, tmp_path).images_new == 1


def test_list_new_images__succeeds_without_new_files(store: Store, tmp_path: Path) -> None:
    cycle = given.an_open_cycle(store)
    (tmp_path / "inbox").mkdir()

    assert list_new_images(store, cycle, sources_of(cycle, tmp_path)) == ListNewImagesSummary(0, 0, 0, 0)
    assert store.read(NewFile, cycle.cycle_id).is_empty()


def test_list_new_images__keeps_two_sources_apart(store: Store, tmp_path: Path) -> None:
    folders = [{"name": name, "path": "inbox", "settle_s": 0} for name in ("left", "right")]
    cycle = given.an_open_cycle(store, sources=folders)
    put_files(tmp_path, {"a.png": b"x"})

    list_new_images(store, cycle, sources_of(cycle, tmp_path))

    assert store.read(NewFile, cycle.cycle_id).select(pl.col("source", "key")).rows() == [("left", "a.png"), ("right", "a.png")]


def test_list_new_images__names_a_source_that_does_not_respond(store: Store, tmp_path: Path) -> None:
    cycle = given.an_open_cycle(store)

    with pytest.raises(ServiceUnavailableError, match="inbox"):
        list_new_images(store, cycle, sources_of(cycle, tmp_path))
    assert store.event(cycle.cycle_id, "list_new_images") is None
