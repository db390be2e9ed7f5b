"""Tests of the page on an import."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

from pipeline_tasks.records.import_labels import ImportLabelsSummary
from pipeline_tasks.records.open_import import OpenImportSummary
from pipeline_tasks.records.record_images import RecordImagesSummary
from pipeline_tasks.reports.import_page import ImportData, ShownLabel, render_import

OPENED = OpenImportSummary(
    *("2026-11-20T100000", "theirs", "/sets/theirs", "COCO", "box", 4, 6, {"Mutter": "nut"}, {"scrap": 2}),
    left_out={"object outside its image": 1},
    changed={"object cut at the border of its image": 3},
    notes=["a note"],
    own_splits={"train": 3},
)
LABELS = ImportLabelsSummary(
    "theirs", 4, 3, 0, 1, 1, {"image that was refused as truncated": 2}, {"nut": 5}, {"train": 2, "val": 1}, 1, 1
)


def some_data() -> ImportData:
    taken = RecordImagesSummary(files=3, sightings=3, images_new=3, images_already_known=0, files_already_known=0, rejected=0)
    places = {"object outside its image": ["<b>.json: annotations[1]"]}
    shown = (
        ShownLabel("a" * 64, "train/<i>.png", "2 nut", "train", b"jpeg"),
        ShownLabel("b" * 64, "b.png", "nothing there", None, None),
    )
    started = datetime(2026, 11, 20, 10, tzinfo=timezone.utc)
    return ImportData("parts", "2026-11-20T100000", started, "UTC", "test", OPENED, taken, LABELS, places, shown)


def test_page__says_what_became_of_the_set() -> None:
    page = render_import(some_data())

    for said in (
        *(
            "Import of theirs into parts",
            "COCO, labels of the kind box; licence: not stated",
            "3 new labels, 0 changed, 1 as before",
        ),
        *(
            "1 images keep the label of people",
            "3 new images, 0 known ones",
            "Mutter",
            "scrap",
            "a note",
            "2 nut",
            "train by the set",
        ),
        *(
            "object outside its image",
            "image that was refused as truncated",
            "object cut at the border of its image",
            "and 1 more images",
        ),
        *("1 groups of like images are in two splits", "1 images are in a group that has a split already"),
    ):
        assert said in page, said


def test_page__runs_nothing_that_a_name_says_and_has_cards_that_an_erasure_finds() -> None:
    page = render_import(some_data())

    assert "<i>" not in page
    assert "<b>" not in page
    assert f'<figure class="card"><a href="image?dag_id=nightly__parts&amp;image_id={"a" * 64}">' in page


def test_page__of_an_import_that_added_nothing_says_so() -> None:
    page = render_import(
        replace(some_data(), shown=(), opened=replace(OPENED, left_out={}, changed={}), labels=replace(LABELS, left_out={}))
    )

    assert "No label is new." in page
    assert "Nothing was left out." in page
