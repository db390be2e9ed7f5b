"""Tests of nights with a source of kind `video`: frames become images by content, and a clip that was taken in adds nothing."""

from __future__ import annotations

from pathlib import Path

import given
import pytest
from small_ingest import ingest

from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.tables.rejected_sighting import RejectedSighting
from pipeline_tasks.tables.sighting import Sighting

pytest.importorskip("av", reason="no PyAV: pip install -r requirements-video.txt")

from sources.video.given_clips import a_clip


def a_cycle(store: Store, cycle_id: str, **settings: object) -> Cycle:
    source = {"name": "clips", "kind": "video", "path": "clips", "settle_s": 0, "every_s": 0.4, **settings}
    return given.an_open_cycle(store, cycle_id=cycle_id, sources=[source], duplicates={"split_group_keys": ["clip"]})


def test_clip__is_taken_in_once_under_either_name_and_a_bad_one_is_said(tmp_path: Path) -> None:
    store = Store(MemoryObjects())
    clip = a_clip(tmp_path / "clips/a.mkv", range(0, 2000, 40), creation_time="2026-11-20T10:00:00Z")
    (tmp_path / "clips/bad.mp4").write_bytes(b"#EXTM3U\nhttp://127.0.0.1:9/x.ts\n")
    first = a_cycle(store, "2026-11-21")

    summary = ingest(store, first, tmp_path)

    assert (summary.images_new, summary.rejected_by_reason) == (5, {"unsupported_format": 1})
    assert store.read(RejectedSighting, first.cycle_id)["key"].to_list() == ["bad.mp4"]
    seen = store.read(Sighting, first.cycle_id).sort("clip_time_s")
    assert seen["clip_time_s"].to_list() == [0.0, 0.4, 0.8, 1.2, 1.6]
    assert set(seen["clip"]) == {"a.mkv"}
    assert (seen["modified_at"][4] - seen["modified_at"][0]).total_seconds() == pytest.approx(1.6)
    assert set(seen["captured_from"]) == {"source"}

    assert ingest(store, a_cycle(store, "2026-11-22"), tmp_path).files == 0
    (tmp_path / "clips/b.mkv").write_bytes(clip.read_bytes())
    again = ingest(store, a_cycle(store, "2026-11-23"), tmp_path)
    assert (again.images_new, again.files_already_known) == (0, 5)
    assert ingest(store, a_cycle(store, "2026-11-24", every_s=0.2), tmp_path).images_new == 5
