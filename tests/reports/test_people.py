"""Tests of the report's section on annotations."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
from reports.test_process import DATA

from pipeline_tasks.records.by_stage import CycleRecords
from pipeline_tasks.records.collect_annotations import CollectAnnotationsSummary, refusal, refused_image
from pipeline_tasks.records.resolve_labels import ResolveLabelsSummary
from pipeline_tasks.records.send_to_labeling import SendToLabelingSummary
from pipeline_tasks.reports import assignment
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


def test_audit__is_pooled_over_nights() -> None:
    labels = ResolveLabelsSummary(
        3, 3, 0, 0, 0, None, {}, audited=140, audited_right=131, audited_so_far=280, audited_right_so_far=265
    )
    page = str(section(replace(DATA, annotations=ANSWERS, records=CycleRecords((labels,)))))

    assert "Of the 280 audited over all nights, 15 otherwise: 5.4 % (3.3 % to 8.6 %)." in page


def test_section__tells_who_was_asked_and_which_answers_are_of_others() -> None:
    tabs = {"annotator-a": "http://label-studio/projects/1/data?tab=2"}
    sent = SendToLabelingSummary(
        "r", "d" * 64, 3, 3, "2026-11-21", assigned={"annotator-a": 2}, tasks_for_anyone=1, person_tabs=tabs
    )
    collected = CollectAnnotationsSummary(3, 0, 0, 0, 0, 2, 0, annotations_by_another=2, annotations_twice=1)

    said = str(assignment.section(replace(DATA, records=CycleRecords((sent, collected)))))

    assert 'annotator-a</a></td><td class="number">2</td>' in said
    assert tabs["annotator-a"] in said
    assert 'anyone</td><td class="number">1</td>' in said
    assert "2 by another person than the one who was asked; 1 of a second copy by a person who had answered one" in said
    assert assignment.section(replace(DATA, records=CycleRecords((CollectAnnotationsSummary(0, 0, 0, 0, 0, 0, 0),)))) is None
