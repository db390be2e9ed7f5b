"""Tests of the representative of a duplicate group, by width and height in pixels, bytes and sharpness."""

from __future__ import annotations

import polars as pl
import pytest

from pipeline_tasks.selection.representatives import representatives

Copy = tuple[str, int, int, float]
"""Name, side in pixels, bytes, sharpness."""


def chosen(*copies: Copy, rule: str = "largest", groups: str | None = None) -> set[str]:
    names, sides, sizes, sharpness = zip(*copies, strict=True)
    rows = {"image_id": names, "width_px": sides, "height_px": sides, "size_bytes": sizes, "sharpness": sharpness}
    frame = pl.DataFrame(rows | {"duplicate_group_id": list(groups or "g" * len(copies))})
    return set(frame.filter(representatives(frame, rule))["image_id"])  # type: ignore[arg-type]


@pytest.mark.parametrize("first", [("small", 160, 9_000, 400.0), ("large", 320, 30_000, 90.0)])
def test_representatives__takes_the_largest_whichever_came_first(first: Copy) -> None:
    copies = sorted([("small", 160, 9_000, 400.0), ("large", 320, 30_000, 90.0)], key=lambda one: one != first)
    assert chosen(*copies) == {"large"}


def test_representatives__takes_the_sharpest_of_equal_size() -> None:
    assert chosen(("blurred", 320, 30_000, 40.0), ("sharp", 320, 20_000, 90.0)) == {"sharp"}


def test_representatives__takes_the_one_with_most_bytes_of_equal_size_and_sharpness() -> None:
    assert chosen(("a", 320, 20_000, 90.0), ("b", 320, 30_000, 90.0)) == {"b"}


def test_representatives__takes_the_lossless_copy_though_compression_made_the_other_look_sharper() -> None:
    assert chosen(("jpeg", 320, 20_000, 95.0), ("png", 320, 90_000, 90.0)) == {"png"}


def test_representatives__takes_the_earlier_of_equals() -> None:
    assert chosen(("b", 320, 20_000, 90.0), ("a", 320, 20_000, 90.0)) == {"b"}


def test_representatives__does_not_take_a_copy_that_was_only_enlarged() -> None:
    assert chosen(("original", 400, 30_000, 90.0), ("enlarged", 1600, 200_000, 20.0)) == {"original"}


def test_representatives__does_not_judge_by_the_sharpness_of_an_image_too_small_to_compare() -> None:
    assert chosen(("small", 160, 9_000, 900.0), ("large", 1600, 200_000, 20.0)) == {"large"}


def test_representatives__takes_the_first_if_the_settings_say_so() -> None:
    assert chosen(("small", 160, 9_000, 10.0), ("large", 320, 30_000, 90.0), rule="first") == {"small"}


def test_representatives__takes_one_of_each_group() -> None:
    assert chosen(("a", 160, 1, 1.0), ("b", 320, 1, 1.0), ("c", 160, 1, 1.0), groups="ggh") == {"b", "c"}
