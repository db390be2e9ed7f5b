"""Tests of the inbox of a receiver as a source of kind `edge`."""

from __future__ import annotations

import hashlib
from datetime import datetime, timezone
from pathlib import Path

import given
import pytest
from small_ingest import an_image, ingest

from pipeline_tasks.errors import RejectedFileError, ServiceUnavailableError
from pipeline_tasks.lineage.of_images import image_lineage
from pipeline_tasks.lineage.reading import LineageReads
from pipeline_tasks.records.list_new_images import ListNewImagesSummary
from pipeline_tasks.sent_images.image_note import ImageNote
from pipeline_tasks.sent_images.inbox import image_key, note_path
from pipeline_tasks.sources.edge import EdgeSource
from pipeline_tasks.sources.source import FileMetadata, open_source
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.sighting import Sighting

CAPTURED_AT = datetime(2026, 11, 20, 23, 30, tzinfo=timezone.utc)


def put(home: Path, content: bytes, device: str = "gate-1", **fields: object) -> str:
    """Put an image into the inbox as the receiver does; return its key."""
    image_id = hashlib.sha256(content).hexdigest()
    key = image_key(device, image_id, "PNG")
    path = home / "inbox" / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    note = ImageNote(image_id, len(content), device, "diverse", **fields)  # type: ignore[arg-type]
    note_path(path).write_bytes(note.as_bytes())
    return key


def a_source(home: Path) -> EdgeSource:
    source = open_source(EdgeSource.settings_model(name="gates", kind="edge", inbox="inbox"), home)
    assert isinstance(source, EdgeSource)
    return source


def a_cycle(store: Store, cycle_id: str, **settings: object) -> object:
    return given.an_open_cycle(store, cycle_id, sources=[{"name": "gates", "kind": "edge", "inbox": "inbox", **settings}])


def test_list_files__tells_images_by_device_and_content_and_no_notes(tmp_path: Path) -> None:
    first, second = put(tmp_path, an_image(1)), put(tmp_path, an_image(2), "gate-2")
    (tmp_path / "inbox" / ".receiving" / "gate-1").mkdir(parents=True)
    (tmp_path / "inbox" / ".receiving" / "gate-1" / "x.part").write_bytes(b"half")
    (tmp_path / "inbox" / "holiday.jpg").write_bytes(an_image(3))
    (tmp_path / "inbox" / "My Images").mkdir()

    source = a_source(tmp_path)
    found = list(source.list_files())

    assert [(file.key, file.object_version) for file in found] == [(key, Path(key).stem) for key in (first, second)]
    assert [(one.key, one.reason) for one in source.left_out()] == [("My Images", "not_received"), ("holiday.jpg", "not_received")]
    assert source.read(first, found[0].object_version) == an_image(1)


def test_read__refuses_bytes_that_changed_in_the_inbox(tmp_path: Path) -> None:
    key = put(tmp_path, an_image(1))
    (tmp_path / "inbox" / key).write_bytes(an_image(2))

    with pytest.raises(RejectedFileError) as refused:
        a_source(tmp_path).read(key, Path(key).stem)

    assert refused.value.reason == "corrupt"


def test_list_files__says_that_the_inbox_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ServiceUnavailableError, match="gates: inbox: wanted a folder"):
        list(a_source(tmp_path).list_files())


def test_metadata__knows_the_device_where_the_note_is_gone_or_of_another_device(tmp_path: Path) -> None:
    key = put(tmp_path, an_image(1), captured_at=CAPTURED_AT)
    note = note_path(tmp_path / "inbox" / key)
    source = a_source(tmp_path)
    assert source.metadata(key).day == "2026-11-20"

    note.write_bytes(note.read_bytes().replace(b"gate-1", b"gate-9"))
    assert source.metadata(key) == FileMetadata(device="gate-1")
    note.unlink()
    assert source.metadata(key) == FileMetadata(device="gate-1")


def test_ingest__records_what_the_device_knows_of_the_capture(tmp_path: Path) -> None:
    store = Store(MemoryObjects())
    facts = {"captured_at": CAPTURED_AT, "latitude_deg": 52.51631, "longitude_deg": -0.00049, "exposure_s": 0.01}
    put(tmp_path, an_image(1), **facts, score=0.75, asked_for="bolt", model_digest="a" * 64)

    ingest(store, a_cycle(store, "2026-11-21"), tmp_path)  # type: ignore[arg-type]

    (row,) = store.current(Sighting).to_dicts()
    assert (row["device"], row["day"], row["captured_at"], row["captured_from"]) == ("gate-1", "2026-11-20", CAPTURED_AT, "source")
    assert (row["latitude_deg"], row["longitude_deg"], row["exposure_s"]) == (52.516, 0.0, 0.01)
    assert (row["kept_because"], row["device_score"], row["device_model"]) == ("diverse", 0.75, "a" * 64)
    node = image_lineage(row["image_id"], LineageReads(store).about_image(row["image_id"], []))
    (sighting,) = (one for one in node.children if one.kind == "sighting")
    assert "device gate-1" in sighting.says
    assert "kept by its device as diverse, its model's score 0.750" in sighting.says
    assert "52.5" not in str(node)


def test_ingest__keeps_no_position_where_the_source_says_so(tmp_path: Path) -> None:
    store = Store(MemoryObjects())
    put(tmp_path, an_image(1), latitude_deg=52.5, longitude_deg=13.4)

    ingest(store, a_cycle(store, "2026-11-21", position_digits=None), tmp_path)  # type: ignore[arg-type]

    (row,) = store.current(Sighting).to_dicts()
    assert (row["latitude_deg"], row["longitude_deg"]) == (None, None)


def test_ingest__takes_an_image_of_two_devices_once_and_the_inbox_once(tmp_path: Path) -> None:
    store = Store(MemoryObjects())
    for device in ("gate-1", "gate-2"):
        put(tmp_path, an_image(1), device)
    put(tmp_path, an_image(2))

    first = ingest(store, a_cycle(store, "2026-11-21"), tmp_path)  # type: ignore[arg-type]
    again = ingest(store, a_cycle(store, "2026-11-22"), tmp_path)  # type: ignore[arg-type]

    assert (first.images_new, again.images_new) == (2, 0)
    assert store.current(Image).height == 2
    assert sorted(store.current(Sighting)["device"]) == ["gate-1", "gate-1", "gate-2"]


def test_ingest__does_not_miss_images_that_were_cleared_from_the_inbox(tmp_path: Path) -> None:
    store = Store(MemoryObjects())
    key = put(tmp_path, an_image(1))
    ingest(store, a_cycle(store, "2026-11-21"), tmp_path)  # type: ignore[arg-type]
    (tmp_path / "inbox" / key).unlink()

    ingest(store, a_cycle(store, "2026-11-22"), tmp_path)  # type: ignore[arg-type]

    assert store.summary("2026-11-22", ListNewImagesSummary).files_missing == 0
    assert store.current(Image).height == 1
