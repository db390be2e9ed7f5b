"""Tests of the recorded choice; its rules are tested in `tests/pretraining/test_choosing.py`."""

from __future__ import annotations

import polars as pl
import pytest
from given_pretraining_cycle import CYCLE, SPLITS, Pretraining

from pipeline_tasks.tables.pretraining_image import PretrainingImage
from pipeline_tasks.tables.split import Split
from pipeline_tasks.tables.split_group import SplitGroup

pytestmark = pytest.mark.slow


def test_choose_pretraining_images__records_no_image_that_judges_and_counts_those_left_out(undisturbed: Pretraining) -> None:
    store, found = undisturbed.store, undisturbed.choose()
    rows = store.read(PretrainingImage, CYCLE)
    groups = store.rows_of(SplitGroup, rows["image_id"]).join(store.history(Split), on="split_group_id")
    assert set(groups["split"].cast(pl.String)) == {"train"}
    judging = 2 * sum(split != "train" for split in SPLITS.values())
    assert found.left_out == {"test_or_validation": judging, "held_out_for_the_probe": found.probed_images}
    assert found.probed_images == 9, "half of 18 labelled groups of one image each"
    assert found.trained_images == 9
