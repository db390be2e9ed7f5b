"""Tests of recording where, when and by what an image was captured, and under which licence it may be used."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import given
import pytest
from an_exif_block import ascii_, block, ratio
from PIL import Image as PillowImage
from small_ingest import InProcessDecoder, MeanBackbone, ingest, put_files, sources_of

from pipeline_tasks.decoding.canonical_copy import canonical_copy
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.lineage.of_images import image_lineage
from pipeline_tasks.lineage.reading import LineageReads
from pipeline_tasks.sources.source import FileMetadata
from pipeline_tasks.stages.ingest.list_new_images import list_new_images
from pipeline_tasks.stages.ingest.measure_images import measure_images
from pipeline_tasks.stages.ingest.record_images import record_images
from pipeline_tasks.storage.blobs.thumbnails import read_thumbnail
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.sighting import Sighting

NORTH_EAST = [ascii_(1, "N"), ratio(2, (52, 1), (31, 1), (123456, 10000)), ascii_(3, "E"), ratio(4, (13, 1), (24, 1), (0, 1))]
SECRETS = (b"CAMERA-7", b"a person's name")


def an_image(grey: int, time: str = "2026:11:20 14:30:05") -> bytes:
    exif = block([ascii_(0x0110, SECRETS[0]), ascii_(0x013B, SECRETS[1])], [ascii_(0x9003, time)], NORTH_EAST)
    buffer = io.BytesIO()
    PillowImage.new("RGB", (40, 30), (grey, 20, 30)).save(buffer, "JPEG", exif=b"Exif\0\0" + exif)
    return buffer.getvalue()


def a_source(**settings: object) -> list[dict[str, object]]:
    return [{"name": "inbox", "path": "inbox"} | settings]


def rows(store: Store, cycle_id: str = "2026-11-21") -> list[dict[str, object]]:
    return store.read(Sighting, cycle_id).sort("key").to_dicts()


def test_ingest__records_time_camera_and_rounded_position(store: Store, tmp_path: Path) -> None:
    put_files(tmp_path, {"a.jpg": an_image(1)})

    summary = ingest(store, given.an_open_cycle(store, sources=a_source(camera_time_zone="Asia/Kolkata")), tmp_path)

    (row,) = rows(store)
    assert row["captured_at"] == datetime(2026, 11, 20, 9, 0, 5, tzinfo=timezone.utc)
    assert (row["captured_from"], row["camera"], row["exif_troubles"]) == ("exif_zone", "CAMERA-7", "")
    assert (row["latitude_deg"], row["longitude_deg"], row["is_synthetic"]) == (52.52, 13.4, False)
    assert (summary.captured_at_known, summary.exif_troubles, summary.synthetic) == (1, {}, 0)


def test_ingest__reads_the_data_of_an_image_that_it_knows_already(store: Store, tmp_path: Path) -> None:
    put_files(tmp_path, {"a.jpg": an_image(1)})
    ingest(store, given.an_open_cycle(store), tmp_path)
    put_files(tmp_path, {"again.jpg": an_image(1)})

    ingest(store, given.an_open_cycle(store, "2026-11-22"), tmp_path)

    assert [(row["key"], row["camera"]) for row in rows(store, "2026-11-22")] == [("again.jpg", "CAMERA-7")]


@pytest.mark.parametrize(
    ("time", "trouble"),
    [("0000:00:00 00:00:00", "not_set"), ("2026:11:21\x00:00", "control_characters"), ("2099:01:01 00:00:00", "in_the_future")],
)
def test_ingest__takes_in_an_image_with_a_clock_that_cannot_be_right(store: Store, tmp_path: Path, time: str, trouble: str) -> None:
    put_files(tmp_path, {"a.jpg": an_image(1, time), "b.jpg": an_image(2)})

    summary = ingest(store, given.an_open_cycle(store), tmp_path)

    assert (summary.images_new, summary.rejected, summary.captured_at_known) == (2, 0, 1)
    assert summary.exif_troubles == {f"captured_at: {trouble}": 1}
    assert rows(store)[0]["captured_at"] is None


def test_ingest__never_makes_a_device_or_a_day_of_exif_data(store: Store, tmp_path: Path) -> None:
    put_files(tmp_path, {"a.jpg": an_image(1)})

    ingest(store, given.an_open_cycle(store), tmp_path)

    assert [rows(store)[0][name] for name in ("device", "day", "site", "clip")] == [None] * 4


def test_ingest__keeps_nothing_that_a_source_forbids(store: Store, tmp_path: Path) -> None:
    put_files(tmp_path, {"a.jpg": an_image(1)})
    put_files(tmp_path, {"../other/b.jpg": an_image(2)})
    without_position = a_source(position_digits=None)
    without_exif = [{"name": "other", "path": "other", "read_exif": False}]

    ingest(store, given.an_open_cycle(store, sources=[*without_position, *without_exif]), tmp_path)

    inbox, other = rows(store)
    assert (inbox["latitude_deg"], inbox["longitude_deg"], inbox["camera"]) == (None, None, "CAMERA-7")
    assert (other["captured_at"], other["camera"], other["exif_troubles"]) == (None, None, None)


def test_ingest__says_by_rules_what_licence_a_file_has(store: Store, tmp_path: Path) -> None:
    put_files(tmp_path, {"flickr/a.jpg": an_image(1), "own/b.jpg": an_image(2)})
    rules = [
        {"key_pattern": "^flickr/", "licence": "CC-BY-4.0", "author": "J.\tDoe\n", "origin_url": "https://example.org/a"},
        {"licence": "proprietary"},
    ]

    summary = ingest(store, given.an_open_cycle(store, sources=a_source(licences=rules, is_synthetic=True)), tmp_path)

    first, second = rows(store)
    assert [first[name] for name in ("licence", "author", "origin_url")] == ["CC-BY-4.0", "J. Doe", "https://example.org/a"]
    assert [second[name] for name in ("licence", "author", "origin_url")] == ["proprietary", None, None]
    assert (summary.synthetic, first["is_synthetic"]) == (2, True)


def test_ingest__counts_what_a_source_states_before_rules_and_exif_data(store: Store, tmp_path: Path) -> None:
    put_files(tmp_path, {"a.jpg": an_image(1)})
    cycle = given.an_open_cycle(store, sources=a_source(licences=[{"licence": "by rule", "author": "by rule"}]))
    (source,) = sources_of(cycle, tmp_path)
    moment = datetime(2020, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    stated = FileMetadata(captured_at=moment, clip="c", clip_time_s=1.5, licence="stated")
    source.metadata = lambda key: replace(stated, author=None)  # type: ignore[method-assign]
    list_new_images(store, cycle, [source])
    measure_images(store, cycle, 0, [source], InProcessDecoder(), MeanBackbone())  # type: ignore[arg-type]
    record_images(store, cycle)

    (row,) = rows(store)
    assert (row["captured_at"], row["captured_from"]) == (datetime(2020, 1, 1, tzinfo=timezone.utc), "source")
    assert (row["clip_time_s"], row["licence"], row["author"]) == (1.5, "stated", "by rule")
    assert row["camera"] == "CAMERA-7"


def test_exif_data__is_in_nothing_that_people_see(store: Store, tmp_path: Path) -> None:
    content = an_image(1)
    put_files(tmp_path, {"a.jpg": content})
    ingest(store, given.an_open_cycle(store), tmp_path)
    image_id = str(rows(store)[0]["image_id"])

    seen = [read_thumbnail(store.objects, image_id), canonical_copy(decode(content, Limits()))]

    assert all(secret in content for secret in SECRETS)
    assert not any(secret in copy or b"Exif" in copy for secret in SECRETS for copy in seen)
    node = image_lineage(image_id, LineageReads(store).about_image(image_id, []))
    (sighting,) = (one for one in node.children if one.kind == "sighting")
    assert "52.5" not in str(node)
    assert "latitude_deg" not in sighting.fields
    assert "captured 2026-11-20 14:30 UTC by exif_zone; camera CAMERA-7" in sighting.says
