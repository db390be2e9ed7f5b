"""Tests of the report's section on doubted labels."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
from reports.test_process import DATA

from pipeline_tasks.records.by_stage import CycleRecords
from pipeline_tasks.records.find_label_errors import FindLabelErrorsSummary
from pipeline_tasks.reports.image_cards import shown_images
from pipeline_tasks.reports.label_suspects import section
from pipeline_tasks.tables.label_suspect import LabelSuspect

DOUBTED, OF_A_SET = "c" * 64, "d" * 64
ROWS = pl.DataFrame(
    {
        "image_id": [DOUBTED, OF_A_SET],
        "given_name": ["gear", "gear"],
        "suggested_name": ["nut", "bolt"],
        "belief_given": [0.031, 0.2],
        "belief_suggested": [0.9, 0.7],
        "votes": [1, 0],
    }
)


def test_section__shows_each_doubted_label_with_what_it_looks_like_and_its_task() -> None:
    found = FindLabelErrorsSummary(40, 2, {"gear": 2}, ["spring"], agreed=1)
    links = {DOUBTED: "http://studio/projects/1/data?tab=2&task=9"}
    data = replace(DATA, rows={LabelSuspect: ROWS}.get, task_links=links, records=CycleRecords((found,)))

    page = str(section(data))

    assert "2 of 40 labels are doubted. 1 more are, too, but several people agree on them." in page
    assert "Not judged, because they have too few images: spring." in page
    assert "labelled gear (belief 0.03)" in page
    assert "looks like nut (belief 0.90)" in page
    assert 'href="http://studio/projects/1/data?tab=2&amp;task=9"' in page
    assert "from a labelled set" in page
    assert {DOUBTED, OF_A_SET} <= shown_images(data)


def test_section__says_why_nothing_was_judged() -> None:
    skipped = FindLabelErrorsSummary(0, 0, {}, [], skipped="There are too few labels.")

    assert "There are too few labels." in str(
        section(replace(DATA, rows={LabelSuspect: ROWS.clear()}.get, records=CycleRecords((skipped,))))
    )


def test_section__is_missing_until_labels_were_judged() -> None:
    assert section(DATA) is None
