"""The report's section on files that were not taken in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import polars as pl
from reports.test_process import AT, DATA

from pipeline_tasks.records.by_stage import CycleRecords
from pipeline_tasks.records.list_new_images import ListNewImagesSummary
from pipeline_tasks.reports.source_files import LEFT_OUT, WAITING, not_taken_in
from pipeline_tasks.tables import left_out_file, waiting_file
from pipeline_tasks.tables.left_out_file import LeftOutFile
from pipeline_tasks.tables.waiting_file import WaitingFile

LISTED = ListNewImagesSummary(3, 1, 1, 1, {"young": 1}, {"system": 7}, {"thumbnail": 1}, files_read_again=4, files_renumbered=0)
WAITS = pl.DataFrame({"source": ["inbox"], "key": ["late.jpg"], "reason": ["young"], "first_seen_at": [AT]})
LEFT = pl.DataFrame({"source": ["inbox"] * 2, "key": ["a/@eaDir", "._b.jpg"], "reason": ["thumbnail", "system"]})


def test_not_taken_in__shows_what_waits_and_why_and_what_was_left_out() -> None:
    said = str(not_taken_in(replace(DATA, records=CycleRecords((LISTED,)), rows={WaitingFile: WAITS, LeftOutFile: LEFT}.get)))

    for part in ("inbox:late.jpg", WAITING["young"], "2026-11-21 00:00 UTC", "inbox:a/@eaDir", LEFT_OUT["thumbnail"], ">7<"):
        assert part in said
    assert "4 files with the name, size and time of known ones" in said


def test_not_taken_in__states_since_when_files_wait_in_the_zone_of_the_project() -> None:
    later = WAITS.with_columns(first_seen_at=pl.lit(AT + timedelta(hours=2)))
    data = replace(DATA, records=CycleRecords((LISTED,)), rows={WaitingFile: pl.concat([later, WAITS])}.get, time_zone="Asia/Tokyo")

    said = str(not_taken_in(data))

    assert "2026-11-21 09:00 Asia/Tokyo" in said
    assert "UTC" not in said


def test_not_taken_in__says_how_many_files_only_their_bytes_told_apart() -> None:
    listed = ListNewImagesSummary(9, 2, 0, 1, files_compared=4, files_of_other_bytes=2, files_not_compared=3)

    said = str(not_taken_in(replace(DATA, records=CycleRecords((listed,)))))

    assert "4 known files have times that cannot show a change" in said
    assert "2 hold other bytes" in said
    assert "3 more of that kind are left to later nights" in said


def test_not_taken_in__is_absent_before_the_listing() -> None:
    assert not_taken_in(DATA) is None


def test_reasons__have_words_for_people() -> None:
    assert set(LEFT_OUT) == set(left_out_file.REASONS)
    assert set(WAITING) == set(waiting_file.REASONS)
