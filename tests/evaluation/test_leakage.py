from __future__ import annotations

import polars as pl
from given import image_id

from pipeline_tasks.evaluation.leakage import why_test_is_not_clean


def _images(*rows: tuple[int, str, str]) -> pl.DataFrame:
    return pl.DataFrame(
        [{"image_id": image_id(number), "split_group_id": image_id(group), "split": split} for number, group, split in rows]
    )


TEST = _images((1, "g1", "test"))
TODAY = _images((1, "g1", "-"), (2, "g2", "-"))


def test_why_test_is_not_clean__is_none_for_a_clean_split() -> None:
    assert why_test_is_not_clean(TEST, _images((1, "g1", "test"), (2, "g2", "train")), TODAY, "champion") is None


def test_why_test_is_not_clean__finds_an_image_that_was_trained_on() -> None:
    why = why_test_is_not_clean(TEST, _images((1, "old", "val")), TODAY, "champion")

    assert why is not None
    assert "the champion was trained on 1 of the test images and on 1 of their split groups" in why


def test_why_test_is_not_clean__finds_a_group_that_grew_since() -> None:
    # Image 2 was trained on in a group of its own; today it belongs to the test image's group.
    today = _images((1, "g1", "-"), (2, "g1", "-"))

    assert why_test_is_not_clean(TEST, _images((2, "g2", "train")), today, "champion") is not None
