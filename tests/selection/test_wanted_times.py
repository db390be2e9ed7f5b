"""Tests of the clock by which images of a clip are told apart in time."""

from __future__ import annotations

from datetime import datetime, timezone

import polars as pl

from pipeline_tasks.selection.wanted import metadata_of
from pipeline_tasks.tables.sighting import Sighting
from pipeline_tasks.tables.table import with_defaults

COPIED = datetime(2026, 11, 21, 3, tzinfo=timezone.utc)


def seen_s(*frames: dict[str, object]) -> list[object]:
    ids = [f"{number:064}" for number in range(len(frames))]
    place = {"source": "inbox", "key": "k", "object_version": "1", "modified_at": COPIED, "clip": "c"}
    given = [place | {"image_id": one} | frame for one, frame in zip(ids, frames, strict=True)]
    rows = with_defaults(Sighting, pl.DataFrame(given, infer_schema_length=None))
    return [one.get("seen_s") for one in metadata_of(rows, ids)]


def captured(second: int, year: int = 2026) -> dict[str, object]:
    return {"captured_at": datetime(year, 1, 1, 0, 0, second, tzinfo=timezone.utc)}


def test_metadata__names_the_source_of_a_clip_and_of_no_other_image() -> None:
    rows = pl.DataFrame([place_of("a", "line", "c"), place_of("b", "yard", "c"), place_of("d", "yard", None)])

    told = metadata_of(with_defaults(Sighting, rows), ["a", "b", "d"])

    assert [(one.get("clip_source"), one.get("clip")) for one in told] == [("line", "c"), ("yard", "c"), (None, None)]


def place_of(image_id: str, source: str, clip: str | None) -> dict[str, object]:
    return {"source": source, "key": image_id, "object_version": "1", "image_id": image_id, "modified_at": COPIED, "clip": clip}


def test_clip_times__are_the_positions_in_a_video_before_all_others() -> None:
    assert seen_s({"clip_time_s": 0.5} | captured(9), {"clip_time_s": 2.0} | captured(4)) == [0.5, 2.0]


def test_clip_times__are_times_of_capture_even_of_a_clock_that_is_years_off() -> None:
    first, second = seen_s(captured(1, 2001), captured(31, 2001))

    assert float(str(second)) - float(str(first)) == 30


def test_clip_times__are_times_of_files_where_one_image_has_no_time_of_capture_or_the_clock_stands_still() -> None:
    copied_s = COPIED.timestamp()

    assert seen_s(captured(1), {"captured_at": None}) == [copied_s, copied_s]
    assert seen_s(captured(1), captured(1)) == [copied_s, copied_s]


def test_clip_times__of_one_clip_do_not_depend_on_those_of_another() -> None:
    assert seen_s(captured(1), captured(2), {"clip": "other"})[2] == COPIED.timestamp()
