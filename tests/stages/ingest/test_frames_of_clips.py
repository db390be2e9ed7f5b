"""Tests of nights with a source of kind `video`: frames become images by content, and a clip that was taken in adds nothing."""

from __future__ import annotations

from pathlib import Path

import given
import polars as pl
import pytest
from small_ingest import ingest

from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.selection.wanted import metadata_of
from pipeline_tasks.stages.curate.find_duplicates import find_duplicates
from pipeline_tasks.stages.curate.find_quality_issues import find_quality_issues
from pipeline_tasks.stages.curate.select_images import select_images
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.tables.rejected_sighting import RejectedSighting
from pipeline_tasks.tables.selection import SelectedImage
from pipeline_tasks.tables.sighting import Sighting
from pipeline_tasks.tables.split_group import SplitGroup

pytest.importorskip("av", reason="no PyAV: pip install -r requirements-video.txt")

from sources.video.given_clips import a_clip


def a_cycle(store: Store, cycle_id: str, budget: int | None = None, **settings: object) -> Cycle:
    """An open cycle; with a budget it sends whole clips, however small or flat."""
    source = {"name": "clips", "kind": "video", "path": "clips", "settle_s": 0, "every_s": 0.4, **settings}
    asked = {}
    if budget is not None:
        limits = ("min_luma_mean", "max_luma_mean", "min_luma_contrast", "min_sharpness", "min_entropy_bits")
        asked["quality"] = {"min_side_px": 1} | dict.fromkeys(limits)
        asked["selection"] = {"budget": budget, "clips": "whole", "control_ratio": 0, "first_round_control_ratio": 0}
    return given.an_open_cycle(store, cycle_id=cycle_id, sources=[source], duplicates={"split_group_keys": ["clip"]}, **asked)


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


def test_frames_of_a_clip__are_in_one_split_group_also_those_of_a_later_night(tmp_path: Path) -> None:
    store = Store(MemoryObjects())
    a_clip(tmp_path / "clips/a.mkv", range(0, 2000, 40))
    a_clip(tmp_path / "clips/b.mkv", range(0, 2000, 40), levels=[250 - 3 * number for number in range(50)])
    for cycle_id, every_s in (("2026-11-21", 1), ("2026-11-22", 0.5)):
        cycle = a_cycle(store, cycle_id, every_s=every_s)
        ingest(store, cycle, tmp_path)
        find_quality_issues(store, cycle)
        find_duplicates(store, cycle)

    clips = store.history(Sighting).select("image_id", "clip").unique()
    groups = store.current(SplitGroup).join(clips, on="image_id")

    assert groups.height == 8
    assert groups.group_by("clip").agg(pl.col("split_group_id").n_unique())["split_group_id"].to_list() == [1, 1]
    images = store.history(Sighting).filter(clip="b.mkv")
    seen = metadata_of(images, images["image_id"].to_list())
    assert {row["clip"] for row in seen} == {"b.mkv"}
    began_s = min(float(str(row["seen_s"])) for row in seen)
    after_s = sorted({round(float(str(row["seen_s"])) - began_s, 3) for row in seen})
    assert after_s == [0, 0.52, 1, 1.52], "true times, by which max_per_clip and min_clip_gap_s judge"


def test_clip__is_sent_to_people_whole_and_lies_in_one_split(tmp_path: Path) -> None:
    """Clip a has five frames, b three; the budget of seven holds one of them."""
    store = Store(MemoryObjects())
    a_clip(tmp_path / "clips/a.mkv", range(0, 2000, 40))
    a_clip(tmp_path / "clips/b.mkv", range(0, 1200, 40), levels=[75 - number for number in range(30)])
    cycle = a_cycle(store, "2026-11-21", budget=7)
    ingest(store, cycle, tmp_path)
    find_quality_issues(store, cycle)
    find_duplicates(store, cycle)

    summary = select_images(store, cycle)

    sightings = store.history(Sighting)
    picks = store.read(SelectedImage, cycle.cycle_id).sort("rank").join(sightings, on="image_id", maintain_order="left")
    (clip,) = set(picks["clip"])
    assert picks["clip_time_s"].to_list() == ([0.0, 0.4, 0.8, 1.2, 1.6] if clip == "a.mkv" else [0.0, 0.4, 0.8])
    assert (summary.images_selected, sum(summary.splits.values())) == (picks.height, 1)
    assert picks["reason"].str.starts_with(f"clip clips:{clip}, whole ({picks.height} images): ").all()
