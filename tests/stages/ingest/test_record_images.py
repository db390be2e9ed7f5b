"""Tests of recording the new images of a night."""

from __future__ import annotations

from pathlib import Path

import given
import pytest
from small_ingest import MeanBackbone, an_image, ingest, measure, put_files, sources_of

from pipeline_tasks.errors import MissingStageError
from pipeline_tasks.records.record_images import RecordImagesSummary
from pipeline_tasks.stages.ingest.list_new_images import list_new_images
from pipeline_tasks.stages.ingest.record_images import record_images
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.tables.table_files import read_shard, write_shard
from pipeline_tasks.tables.embedding import Embedding
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.measurement import Measurement
from pipeline_tasks.tables.rejected_sighting import RejectedSighting
from pipeline_tasks.tables.sighting import Sighting


def test_record_images__counts_images_sightings_and_rejections(store: Store, tmp_path: Path) -> None:
    cycle = given.an_open_cycle(store, shard_images=3)
    files = {
        "a.png": an_image(1),
        "b.png": an_image(2),
        "copy_of_a.png": an_image(1),
        "e.png": b"",
        "f.png": b"junk",
        "g.png": b"junk",
    }
    put_files(tmp_path, files)

    summary = ingest(store, cycle, tmp_path)

    assert summary == RecordImagesSummary(
        files=6,
        sightings=3,
        images_new=2,
        images_already_known=0,
        files_already_known=1,
        rejected=3,
        rejected_by_reason={"empty": 1, "not_an_image": 2},
    )
    for table, rows in ((Image, 2), (Measurement, 2), (Embedding, 2), (Sighting, 3), (RejectedSighting, 3)):
        assert store.read(table, cycle.cycle_id).height == rows
    assert store.state().values["engine"] == MeanBackbone.engine


def test_record_images__records_an_image_of_two_shards_once(store: Store, tmp_path: Path) -> None:
    cycle = given.an_open_cycle(store, shard_images=1)
    put_files(tmp_path, {"a.png": an_image(1), "b.png": an_image(1)})

    summary = ingest(store, cycle, tmp_path)

    assert (summary.images_new, summary.sightings, summary.files_already_known) == (1, 2, 1)
    assert store.read(Embedding, cycle.cycle_id).height == 1


def test_record_images__adds_only_a_sighting_for_an_image_of_an_earlier_night(store: Store, tmp_path: Path) -> None:
    put_files(tmp_path, {"a.png": an_image(1)})
    ingest(store, given.an_open_cycle(store, "2026-11-21"), tmp_path)
    put_files(tmp_path, {"again.png": an_image(1), "new.png": an_image(2)})
    cycle = given.an_open_cycle(store, "2026-11-22")

    summary = ingest(store, cycle, tmp_path)

    assert (summary.images_new, summary.images_already_known, summary.files_already_known) == (1, 1, 1)
    assert store.history(Image).height == 2
    assert store.history(Sighting).height == 3


def test_record_images__drops_rows_of_an_image_that_another_cycle_recorded_meanwhile(store: Store, tmp_path: Path) -> None:
    put_files(tmp_path, {"a.png": an_image(1)})
    slow, quick = given.an_open_cycle(store, "2026-11-21"), given.an_open_cycle(store, "2026-11-21T1200")
    list_new_images(store, slow, sources_of(slow, tmp_path))
    measure(store, slow, tmp_path)
    ingest(store, quick, tmp_path)

    summary = record_images(store, slow)

    assert (summary.images_new, summary.images_already_known) == (0, 1)
    assert store.history(Image).height == 1


def test_record_images__is_recorded_once(store: Store, tmp_path: Path) -> None:
    cycle = given.an_open_cycle(store)
    put_files(tmp_path, {"a.png": an_image(1)})
    first = ingest(store, cycle, tmp_path)
    events = store.state().sequence

    assert record_images(store, cycle) == first
    assert store.state().sequence == events
    assert record_images(Store(store.objects), cycle) == first


def test_record_images__succeeds_without_new_images(store: Store, tmp_path: Path) -> None:
    cycle = given.an_open_cycle(store)
    (tmp_path / "inbox").mkdir()

    assert ingest(store, cycle, tmp_path) == RecordImagesSummary(0, 0, 0, 0, 0, 0, {})
    assert store.read(Image, cycle.cycle_id).is_empty()
    assert "engine" not in store.state().values


def test_record_images__requires_the_plan_and_every_shard(store: Store, tmp_path: Path) -> None:
    cycle = given.an_open_cycle(store, shard_images=1)
    with pytest.raises(MissingStageError, match="list_new_images"):
        record_images(store, cycle)
    put_files(tmp_path, {"a.png": an_image(1), "b.png": an_image(2)})
    list_new_images(store, cycle, sources_of(cycle, tmp_path))
    measure(store, cycle, tmp_path, shard=0)

    with pytest.raises(MissingStageError, match="all 2 shards"):
        record_images(store, cycle)
    assert not store.has(Image, cycle.cycle_id)


def test_record_images__refuses_parts_that_do_not_fit_together(store: Store, tmp_path: Path) -> None:
    cycle = given.an_open_cycle(store)
    put_files(tmp_path, {"a.png": an_image(1)})
    list_new_images(store, cycle, sources_of(cycle, tmp_path))
    measure(store, cycle, tmp_path)
    write_shard(store.objects, Embedding, cycle.cycle_id, 0, read_shard(store.objects, Embedding, cycle.cycle_id, 0).head(0))

    with pytest.raises(MissingStageError, match="embeddings is incomplete"):
        record_images(store, cycle)
    measure(store, cycle, tmp_path)
    assert record_images(store, cycle).images_new == 1
