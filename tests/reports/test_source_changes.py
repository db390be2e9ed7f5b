"""The report's section on changes in the sources."""

from __future__ import annotations

import re
from dataclasses import replace

import polars as pl
from reports.test_process import DATA

from pipeline_tasks.records.by_stage import CycleRecords
from pipeline_tasks.records.list_new_images import ListNewImagesSummary
from pipeline_tasks.records.record_images import RecordImagesSummary
from pipeline_tasks.reports.source_changes import section
from pipeline_tasks.tables.missing_file import MissingFile

LISTED = ListNewImagesSummary(3, 1, 0, 1, files_missing=2, files_back=1)
RECORDED = RecordImagesSummary(1, 1, 0, 1, 1, 0, files_renamed=1, files_overwritten=4)
MISSING = pl.DataFrame(
    {"source": ["inbox"] * 3, "key": ["deleted.jpg", "old.jpg", "back.jpg"], "is_missing": [True, True, False]},
)
RENAMED = pl.DataFrame({"source": ["inbox"], "key": ["new.jpg"], "was": ["inbox:old.jpg"]})


def test_section__names_files_that_are_gone_back_renamed_and_overwritten() -> None:
    records = CycleRecords((LISTED, RECORDED))

    said = str(section(replace(DATA, records=records, rows={MissingFile: MISSING}.get, renamed=RENAMED)))

    rows = [re.sub(r"<[^>]+>", "|", row) for row in said.split("<tr>")]
    assert "|no longer there: deleted, or left out by the settings||inbox:deleted.jpg||1|" in rows[2]
    assert "|back again||inbox:back.jpg||1|" in rows[3]
    assert "inbox:old.jpg → inbox:new.jpg" in said
    assert ">4<" in said
    assert "put back" not in said, "a row of nothing is not shown"


def test_section__says_which_source_was_not_listed_and_why() -> None:
    records = CycleRecords((ListNewImagesSummary(3, 1, 0, 1, sources_away={"camera": "there is no bucket 'x'"}),))

    said = str(section(replace(DATA, records=records)))

    assert "The source camera was not listed" in said
    assert "there is no bucket &#x27;x&#x27;" in said or "there is no bucket &#39;x&#39;" in said


def test_section__says_that_nothing_changed_and_is_absent_before_the_listing() -> None:
    records = CycleRecords((ListNewImagesSummary(3, 1, 0, 1), RecordImagesSummary(1, 1, 1, 0, 0, 0)))

    assert "No file that was known is missing" in str(section(replace(DATA, records=records)))
    assert section(DATA) is None
