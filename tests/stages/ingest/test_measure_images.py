"""Tests of measuring each new file once."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import given
import numpy as np
import pytest
from PIL import Image as PillowImage
from small_ingest import InProcessDecoder, MeanBackbone, an_image, ingest, measure, put_files, sources_of

from pipeline_tasks.decoding.pool import DecodingPool
from pipeline_tasks.errors import MissingStageError, NotFoundError, ServiceUnavailableError
from pipeline_tasks.records.measure_images import MeasureImagesSummary
from pipeline_tasks.stages.ingest import measure_images as stage
from pipeline_tasks.stages.ingest.list_new_images import list_new_images
from pipeline_tasks.stages.ingest.measure_images import SHARD_TABLES, measure_images
from pipeline_tasks.storage.blobs.originals import read_original
from pipeline_tasks.storage.blobs.thumbnails import read_thumbnail
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.tables.table_files import read_shard, write_shard
from pipeline_tasks.tables.embedding import Embedding
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.measurement import Measurement
from pipeline_tasks.tables.rejected_sighting import RejectedSighting
from pipeline_tasks.tables.sighting import Sighting

pytestmark = pytest.mark.slow


def rows_of_shard(store: Store, shard: int = 0) -> dict[str, list[dict[str, Any]]]:
    return {table.table_name: read_shard(store.objects, table, "2026-11-21", shard).to_dicts() for table in SHARD_TABLES}


def test_measure_images__keeps_the_original_the_thumbnail_and_all_numbers(store: Store, tmp_path: Path) -> None:
    cycle = given.an_open_cycle(store, sources=[{"name": "inbox", "path": "inbox", "key_pattern": "(?P<device>[a-z]+)/"}])
    buffer = io.BytesIO()
    exif = PillowImage.Exif()
    exif[0x0112] = 6
    PillowImage.new("RGB", (400, 200), (10, 20, 30)).save(buffer, "PNG", exif=exif)
    put_files(tmp_path, {"left/a.jpg": buffer.getvalue()})
    list_new_images(store, cycle, sources_of(cycle, tmp_path))

    assert measure(store, cycle, tmp_path) == MeasureImagesSummary(shard=0, files=1, measured=1, already_known=0, rejected=0)
    rows = rows_of_shard(store)

    (image,) = rows["images"]
    assert (image["file_format"], image["width_px"], image["height_px"], image["orientation"]) == ("PNG", 200, 400, 6)
    assert read_original(store.objects, image["image_id"], image["md5"]) == buffer.getvalue()
    with PillowImage.open(io.BytesIO(read_thumbnail(store.objects, image["image_id"]))) as thumbnail:
        assert thumbnail.size == (80, 160)
    (sighting,) = rows["sightings"]
    assert (sighting["key"], sighting["image_id"], sighting["device"]) == ("left/a.jpg", image["image_id"], "left")
    assert sighting["modified_at"] < given.STARTED_AT
    (embedding,) = rows["embeddings"]
    assert embedding["embedding"] == pytest.approx([10, 20, 30])
    assert (embedding["engine"], embedding["backbone_digest"]) == (MeanBackbone.engine, MeanBackbone.digest)
    assert rows["measurements"][0]["luma_mean"] == pytest.approx(18, abs=1)
    assert rows["rejected_sightings"] == []


def test_measure_images__writes_a_row_for_every_rejected_file_and_stores_none(store: Store, tmp_path: Path) -> None:
    cycle = given.an_open_cycle(store)
    broken = {
        "empty.jpg": b"",
        "page.jpg": b"<html>",
        "cut.png": an_image(1)[:-30],
        "gone.png": an_image(2),
        "fine.txt": an_image(3),
    }
    put_files(tmp_path, broken)
    list_new_images(store, cycle, sources_of(cycle, tmp_path))
    (tmp_path / "inbox/gone.png").unlink()

    summary = measure(store, cycle, tmp_path)
    rows = rows_of_shard(store)

    assert summary == MeasureImagesSummary(shard=0, files=5, measured=1, already_known=0, rejected=4)
    assert {row["key"]: row["reason"] for row in rows["rejected_sightings"]} == {
        "empty.jpg": "empty",
        "page.jpg": "not_an_image",
        "cut.png": "truncated",
        "gone.png": "vanished",
    }
    assert [row["key"] for row in rows["sightings"]] == ["fine.txt"]
    assert len(list(store.objects.list("files/"))) == 1


def test_measure_images__decodes_equal_files_once(store: Store, tmp_path: Path) -> None:
    cycle = given.an_open_cycle(store)
    put_files(tmp_path, {f"{number}.png": an_image(number % 2) for number in range(10)})
    list_new_images(store, cycle, sources_of(cycle, tmp_path))
    decoder = InProcessDecoder()

    summary = measure(store, cycle, tmp_path, decoder=decoder)

    assert summary == MeasureImagesSummary(shard=0, files=10, measured=2, already_known=8, rejected=0)
    assert decoder.decoded == 2
    assert len(rows_of_shard(store)["sightings"]) == 10


def test_measure_images__refuses_all_files_of_the_same_broken_bytes(store: Store, tmp_path: Path) -> None:
    cycle = given.an_open_cycle(store)
    put_files(tmp_path, {f"{number}.png": b"junk" for number in range(3)})
    list_new_images(store, cycle, sources_of(cycle, tmp_path))

    assert measure(store, cycle, tmp_path) == MeasureImagesSummary(shard=0, files=3, measured=0, already_known=0, rejected=3)


def test_measure_images__gives_known_images_only_a_sighting(store: Store, tmp_path: Path) -> None:
    put_files(tmp_path, {"a.png": an_image(1)})
    ingest(store, given.an_open_cycle(store, "2026-11-20"), tmp_path)
    put_files(tmp_path, {"copy.png": an_image(1)})
    cycle = given.an_open_cycle(store)
    list_new_images(store, cycle, sources_of(cycle, tmp_path))
    decoder = InProcessDecoder()

    assert measure(store, cycle, tmp_path, decoder=decoder) == MeasureImagesSummary(
        0, files=1, measured=0, already_known=1, rejected=0
    )
    assert decoder.decoded == 0
    assert [row["key"] for row in rows_of_shard(store)["sightings"]] == ["copy.png"]


def test_measure_images__run_again_changes_nothing_even_if_the_source_changed(store: Store, tmp_path: Path) -> None:
    cycle = given.an_open_cycle(store)
    put_files(tmp_path, {"a.png": an_image(1), "b.png": b"junk"})
    list_new_images(store, cycle, sources_of(cycle, tmp_path))
    first, before = measure(store, cycle, tmp_path), rows_of_shard(store)
    (tmp_path / "inbox/a.png").unlink()

    assert measure(store, cycle, tmp_path) == first
    assert rows_of_shard(store) == before


@pytest.mark.parametrize("table", SHARD_TABLES, ids=lambda table: table.table_name)
def test_measure_images__continues_after_a_kill_between_its_parts(store: Store, tmp_path: Path, table: Any) -> None:
    cycle = given.an_open_cycle(store)
    put_files(tmp_path, {"a.png": an_image(1), "b.png": b"junk"})
    list_new_images(store, cycle, sources_of(cycle, tmp_path))
    first, before = measure(store, cycle, tmp_path), rows_of_shard(store)
    for lost in SHARD_TABLES[SHARD_TABLES.index(table) :]:
        store.objects.delete(layout.shard(lost.table_name, cycle.cycle_id, 0))

    assert measure(store, cycle, tmp_path) == first
    assert rows_of_shard(store) == before


def test_measure_images__runs_again_if_two_tries_mixed_their_parts(store: Store, tmp_path: Path) -> None:
    cycle = given.an_open_cycle(store)
    put_files(tmp_path, {"a.png": an_image(1)})
    list_new_images(store, cycle, sources_of(cycle, tmp_path))
    first, before = measure(store, cycle, tmp_path), rows_of_shard(store)
    write_shard(store.objects, Embedding, cycle.cycle_id, 0, read_shard(store.objects, Embedding, cycle.cycle_id, 0).head(0))

    assert measure(store, cycle, tmp_path) == first
    assert rows_of_shard(store) == before


def test_measure_images__two_tries_at_once_leave_the_parts_of_one(disk_store: Store, tmp_path: Path) -> None:
    cycle = given.an_open_cycle(disk_store)
    put_files(tmp_path, {f"{number}.png": an_image(number) for number in range(8)} | {"broken.png": b"junk"})
    list_new_images(disk_store, cycle, sources_of(cycle, tmp_path))
    stores = [Store(disk_store.objects) for _ in range(4)]

    with ThreadPoolExecutor(4) as tries:
        summaries = list(tries.map(lambda one: measure(one, cycle, tmp_path), stores))

    assert summaries == [MeasureImagesSummary(shard=0, files=9, measured=8, already_known=0, rejected=1)] * 4


def test_measure_images__fails_as_a_whole_if_no_decoder_starts(store: Store, tmp_path: Path) -> None:
    class NoDecoder(InProcessDecoder):
        def take_in(self, content: bytes, form: object, sizes: object) -> Any:
            raise ServiceUnavailableError("no child starts")

    cycle = given.an_open_cycle(store)
    put_files(tmp_path, {"a.png": an_image(1), "same.png": an_image(1)})
    list_new_images(store, cycle, sources_of(cycle, tmp_path))

    with pytest.raises(ServiceUnavailableError, match="no child"):
        measure(store, cycle, tmp_path, decoder=NoDecoder())
    with pytest.raises(NotFoundError):
        rows_of_shard(store)


def test_measure_images__requires_the_plan(store: Store, tmp_path: Path) -> None:
    with pytest.raises(MissingStageError, match="new_files"):
        measure(store, given.an_open_cycle(store), tmp_path)


def test_measure_images__works_on_its_own_shard_only(store: Store, tmp_path: Path) -> None:
    cycle = given.an_open_cycle(store, shard_images=2)
    put_files(tmp_path, {f"{number}.png": an_image(number) for number in range(3)})
    list_new_images(store, cycle, sources_of(cycle, tmp_path))

    assert measure(store, cycle, tmp_path, shard=1) == MeasureImagesSummary(
        shard=1, files=1, measured=1, already_known=0, rejected=0
    )
    with pytest.raises(NotFoundError):
        rows_of_shard(store, shard=0)


def test_measure_images__writes_the_sightings_last() -> None:
    assert set(SHARD_TABLES) == {Image, Measurement, Embedding, RejectedSighting, Sighting}
    assert SHARD_TABLES[-1] is Sighting
    assert stage.STAGE == "measure_images"


def test_measure_images__logs_its_progress(store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cycle = given.an_open_cycle(store)
    put_files(tmp_path, {f"{number}.png": an_image(number) for number in range(20)})
    list_new_images(store, cycle, sources_of(cycle, tmp_path))
    with caplog.at_level("INFO"):
        measure(store, cycle, tmp_path)

    assert len([line for line in caplog.messages if line.startswith("shard 0: looked at")]) == 10
    assert "shard 0: looked at 20 of 20 files, rejected 0" in caplog.messages


def test_measure_images__decodes_real_photos_in_child_processes(store: Store, tmp_path: Path) -> None:
    cycle = given.an_open_cycle(store)
    photos = sorted(given.real_data("photos", "dog").iterdir())[:6]
    put_files(tmp_path, {photo.name: photo.read_bytes() for photo in photos})
    list_new_images(store, cycle, sources_of(cycle, tmp_path))
    with DecodingPool() as decoder:
        summary = measure_images(store, cycle, 0, sources_of(cycle, tmp_path), decoder, MeanBackbone())  # type: ignore[arg-type]

    assert summary.measured == 6
    assert all(np.isfinite(row["embedding"]).all() for row in rows_of_shard(store)["embeddings"])
