"""Tests of the report's section on annotations."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
from reports.test_process import DATA

from pipeline_tasks.records.by_stage import CycleRecords
from pipeline_tasks.records.collect_annotations import CollectAnnotationsSummary, refusal, refused_image
from pipeline_tasks.records.resolve_labels import ResolveLabelsSummary
from pipeline_tasks.reports.image_cards import shown_images
from pipeline_tasks.reports.people import section

REFUSED = "c" * 64
ANSWERS = pl.DataFrame({"annotator_id": ["ada"], "state": ["answered"], "lead_time_s": [2.0]})


def test_refusals__are_shown_with_the_file_of_their_image() -> None:
    line = refusal(REFUSED, "5-1", ["box 3 (gear) lies outside the image", "box 4 has no size"])
    found = CollectAnnotationsSummary(3, 0, 0, 0, 0, 1, 0, annotations_refused=3, refusals=[line])
    data = replace(DATA, annotations=ANSWERS, files={REFUSED: "line_1:2026/11/c.jpg"}, records=CycleRecords((found,)))

    page = str(section(data))

    assert refused_image(line) == (REFUSED, "annotation 5-1: box 3 (gear) lies outside the image; box 4 has no size")
    assert "<strong>c.jpg</strong>" in page
    assert "annotation 5-1: box 3 (gear) lies outside the image; box 4 has no size" in page
    assert "and 2 more annotations" in page
    assert REFUSED not in page.replace(f'title="{REFUSED}"', "").replace(f"image_id={REFUSED}", "")
    assert REFUSED in shown_images(data), "else the report would not read its thumbnail and file"


def test_balance__is_shown_by_name_with_a_warning() -> None:
    labels = ResolveLabelsSummary(
        3, 3, 0, 0, 0, None, {"bolt": 3}, labelled_by_name={"bolt": 9, "nut": 1}, why_unbalanced="Few nuts."
    )
    page = str(section(replace(DATA, annotations=ANSWERS, records=CycleRecords((labels,)))))

    assert "labels of this cycle" in page
    assert "Few nuts. The next selection takes images that probably show them first" in page
    without = replace(labels, labelled_by_name={}, why_unbalanced="")
    assert "labels of this cycle" not in str(section(replace(DATA, annotations=ANSWERS, records=CycleRecords((without,)))))


def test_audit__is_shown_with_its_interval() -> None:
    labels = ResolveLabelsSummary(3, 3, 0, 0, 0, None, {}, audited=140, audited_right=131)
    page = str(section(replace(DATA, annotations=ANSWERS, records=CycleRecords((labels,)))))

    assert "another person annotated 140 labels drawn at random, and 9 otherwise: 6.4 % (3.4 % to 11.8 %)" in page
