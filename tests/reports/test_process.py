from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import datetime, timezone

import polars as pl

from pipeline_tasks.kinds.boxes.box_kind import BoxKind
from pipeline_tasks.kinds.classes.class_kind import ClassKind
from pipeline_tasks.records.build_dataset_version import BuildDatasetVersionSummary
from pipeline_tasks.records.by_stage import CycleRecords
from pipeline_tasks.records.record_images import RecordImagesSummary
from pipeline_tasks.records.resolve_labels import ResolveLabelsSummary
from pipeline_tasks.reports.cycle_data import CycleData
from pipeline_tasks.reports.process import class_balance, funnel

AT = datetime(2026, 11, 21, tzinfo=timezone.utc)
COUNTS = {"pairs_compared": 12, "compared_by_pixels_only": 0, "leaks_into_test": 0, "leaks_into_val": 0, "leaks_in_use": 0}
DATA = CycleData(
    project="parts",
    description="",
    cycle_id="2026-11-21",
    cycle_kind="nightly",
    started_at=AT,
    made_at=AT,
    code_version="test",
    kind=ClassKind(("bolt",)),
    stages=(),
    records=CycleRecords(),
    thumbnail=lambda image_id: None,
    dataset_images=pl.DataFrame({"split": ["train"], "class_name": ["bolt"]}),
)


def built(**counts: dict[str, int]) -> CycleRecords:
    version = BuildDatasetVersionSummary("d", "2026-11-21", is_changed=True, should_train=True, why="It is new.")
    return CycleRecords((replace(version, **counts),))


def shown(**counts: int) -> str:
    return str(class_balance(replace(DATA, records=built(leak_report=COUNTS | counts))))


def test_class_balance__counts_an_image_once_for_each_class_that_it_shows() -> None:
    said = [["bolt", "nut", "nut"], ["nut"], []]
    objects = pl.Series([[{"class_name": name} for name in of] for of in said], dtype=pl.List(pl.Struct({"class_name": pl.String})))
    images = pl.DataFrame({"split": ["train", "train", "test"], "class_name": ["bolt", "nut", None], "objects": objects})

    shown = str(class_balance(replace(DATA, kind=BoxKind(("bolt", "nut")), dataset_images=images)))

    cells = [[cell.text for cell in row] for row in ET.fromstring(f"<div>{shown}</div>").iter("tr")][1:]
    assert cells == [["bolt", "1", "0", "0", "1"], ["nut", "2", "0", "0", "2"], ["nothing there", "0", "0", "1", "1"]]
    assert "train (2)" in shown
    assert "An image counts once for each class that it shows." in shown


def test_class_balance__says_that_nothing_leaks_between_splits() -> None:
    assert "12 pairs of images of different splits were compared; no near-duplicates were found." in shown()


def test_class_balance__counts_images_left_out_and_images_that_earlier_models_trained_on() -> None:
    said = shown(leaks_into_test=2, leaks_into_val=1, leaks_in_use=1, compared_by_pixels_only=3)

    assert "excluded from the version are 2 near-duplicates of test images and 1 near-duplicates of validation images" in said
    assert "1 of them were in the previous version" in said
    assert "3 images without an embedding" in said


def test_class_balance__of_a_version_from_before_leak_reports_says_nothing_of_them() -> None:
    assert "Leak report" not in str(class_balance(DATA))


def test_class_balance__counts_the_slices_of_test() -> None:
    records = built(slices={"golden": 16, "recent": 24}, golden_not_in_test={"train": 2})
    said = str(class_balance(replace(DATA, records=records)))

    assert "Of the test images 16 are in the golden set and scored only there, 24 are recent." in said
    assert "because models may have been trained on them: 2 in train." in said
    assert "Of the test images" not in shown()


def test_class_balance__counts_synthetic_images_of_training_and_those_left_out() -> None:
    records = built(synthetic_images=7, left_out={"over_synthetic_ratio": 3, "contested": 1})
    said = str(class_balance(replace(DATA, records=records)))

    assert "Of the training images 7 are rendered or generated. 3 more are left out: above training.max_synthetic_ratio." in said
    assert "rendered" not in str(class_balance(DATA))


def test_class_balance__counts_near_duplicates_of_golden_images() -> None:
    assert "2 of them are near-duplicates of golden images" in shown(leaks_into_test=2, leaks_into_golden=2)


def test_funnel__counts_annotated_images_without_a_label_by_reason() -> None:
    recorded = RecordImagesSummary(10, 8, 7, 0, 1, 2, {})
    resolved = [ResolveLabelsSummary(9, 5, *counts, 0, None, {}) for counts in [(3, 1), (0, 0)]]

    said = [str(funnel(replace(DATA, records=CycleRecords((recorded, one))))) for one in resolved]

    assert "3 with nothing there, 1 unsure" in said[0]
    assert "nothing there" not in said[1]
    assert "0 unsure" in said[1]
