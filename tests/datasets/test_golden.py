from __future__ import annotations

import polars as pl
import pytest
from given import image_id

from pipeline_tasks.datasets.golden import check_golden, golden_images, refused
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.settings import GoldenSettings

SIGHTINGS = pl.DataFrame(
    {"source": ["inbox", "inbox", "archive"], "key": ["site7/1.jpg", "site8/1.jpg", "site7/2.jpg"], "image_id": ["a", "b", "c"]}
)
VERSION = pl.DataFrame({"image_id": [image_id(one) for one in "abcdefg"], "split": ["train", "val", *["train"] * 4, "test"]})


def test_golden_images__are_those_named_and_those_seen_under_the_pattern() -> None:
    assert golden_images(None, SIGHTINGS) == frozenset()
    assert golden_images(GoldenSettings(key_pattern="^inbox:site7/"), SIGHTINGS) == {"a"}
    named = GoldenSettings(image_ids=(image_id("x"),), key_pattern="site7")
    assert golden_images(named, SIGHTINGS) == {image_id("x"), "a", "c"}


def test_check_golden__names_golden_images_in_train_or_val() -> None:
    check_golden(GoldenSettings(image_ids=(image_id("g"), image_id("unseen"))), VERSION, "d1")
    everything = GoldenSettings(image_ids=tuple(image_id(one) for one in "abcdefg"))
    with pytest.raises(SettingsError, match=rf"found 6 in train or val of .* d1: .*{image_id('b')} \(val\).* and 1 more"):
        check_golden(everything, VERSION, "d1")


def test_refused__are_golden_images_outside_test_that_no_version_had() -> None:
    rows = pl.DataFrame({"image_id": ["a", "b", "c", "d"], "split": ["train", "val", "test", "train"]})
    assert refused({"a", "b", "c"}, rows, before={"a"}) == {"b"}
