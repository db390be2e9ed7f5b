"""Tests of the section on augmentation."""

from __future__ import annotations

from dataclasses import replace

from reports.test_process import DATA

from pipeline_tasks.records.augmentation_effect import AugmentationEffect
from pipeline_tasks.records.by_stage import CycleRecords
from pipeline_tasks.records.train_model import TrainModelSummary
from pipeline_tasks.records.view_preview import ViewPreview
from pipeline_tasks.reports.augmentation import section

WARNING = "blur of strength 0.9 is too strong: 90% of 60 images are named right as they are, and 40% after it"
EFFECTS = [
    AugmentationEffect("horizontal_flip", 0.0, 0.5, 60, 0.9, 0.85),
    AugmentationEffect("blur", 0.9, 0.2, 60, 0.9, 0.4, WARNING),
]
ROWS = tuple(ViewPreview(name, "50% of views", (b"one", b"two")) for name in ("", "horizontal_flip", "blur"))


def test_section__shows_each_change_with_what_a_model_makes_of_it() -> None:
    records = CycleRecords((TrainModelSummary(skipped=None, effects=EFFECTS),))

    text = str(section(replace(DATA, view_previews=ROWS, records=records)))

    assert text.count("<img") == 6
    assert "90.0 % → 85.0 %" in text
    assert f"<strong>{WARNING}</strong>." in text
    assert text.count('<tr class="wrong">') == 1


def test_section__of_kinds_that_are_not_judged_has_images_alone() -> None:
    text = str(section(replace(DATA, view_previews=ROWS)))

    assert text.count("<tr>") == 3
    assert "right:" not in text


def test_section__is_left_out_if_nothing_was_trained() -> None:
    assert section(DATA) is None
