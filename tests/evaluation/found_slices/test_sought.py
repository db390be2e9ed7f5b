"""Tests of `pipeline_tasks.evaluation.found_slices.sought`."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pipeline_tasks.evaluation.found_slices.sought import Bounds, by_bounds, by_clusters, by_values


def test_by_values__makes_one_slice_of_each_value_and_none_of_images_without_one() -> None:
    images = pl.DataFrame({"device": ["cam-2", None, "cam-1", "cam-2"]})

    found = list(by_values(images, {"device": "device"}))

    assert [(one.words, one.is_member.tolist()) for one in found] == [
        ("device cam-1", [False, False, True, False]),
        ("device cam-2", [True, False, False, True]),
    ]


def test_by_bounds__makes_fifths_and_ends_that_say_their_share() -> None:
    images = pl.DataFrame({"luma_mean": [float(one) for one in range(100)]})

    found = {one.words: int(one.is_member.sum()) for one in by_bounds(images, {"luma_mean": "brightness"})}

    assert found["brightness below 4.95 (the lowest 5 %)"] == 5
    assert found["brightness from 94.05 on (the highest 5 %)"] == 5
    assert sum(size for words, size in found.items() if "5 %" not in words and "10 %" not in words) == 100


@pytest.mark.parametrize("bounds", [Bounds(None, 0.1), Bounds(1 / 3, None), Bounds(-2.5, 1e-9)])
def test_bounds__are_read_as_they_were_written(bounds: Bounds) -> None:
    assert Bounds.read(bounds.text) == bounds


def test_by_bounds__leaves_images_without_a_number_out() -> None:
    images = pl.DataFrame({"luma_mean": [1.0, None, float("nan"), 9.0]})

    members = [one.is_member for one in by_bounds(images, {"luma_mean": "brightness"})]

    assert not np.any(np.stack(members)[:, 1:3])


def test_by_bounds__has_nothing_to_say_of_a_column_without_numbers() -> None:
    assert not list(by_bounds(pl.DataFrame({"iso": pl.Series([None, None], dtype=pl.Int32)}), {"iso": "ISO"}))


def test_by_clusters__numbers_clusters_from_1() -> None:
    found = list(by_clusters(np.array([1, 0, 1])))

    assert [(one.value, one.is_member.tolist()) for one in found] == [
        ("1 of 2", [False, True, False]),
        ("2 of 2", [True, False, True]),
    ]
