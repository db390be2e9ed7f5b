"""Tests of `pipeline_tasks.evaluation.found_slices.finding`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline_tasks.evaluation.found_slices.finding import Search, find_slices
from pipeline_tasks.evaluation.found_slices.sought import Sought

IMAGES = 200
SEARCH = Search(shuffles=2000, bootstrap_samples=500, seed=3)
SCORES = np.array([0.0] * 8 + [1.0] * 4 + ([1.0] * 18 + [0.0] * 2) * 9 + [1.0] * 8)
"""Twelve images of which eight are wrong, and 188 of which one in ten is."""
EACH_ALONE = np.arange(IMAGES)


def _sought(words: str, members: range) -> Sought:
    return Sought("device", words, f"device {words}", np.isin(np.arange(IMAGES), members))


def test_find_slices__claims_the_device_that_errs_more_with_its_figures() -> None:
    (found,) = find_slices(SCORES, EACH_ALONE, [_sought("cam-1", range(12)), _sought("cam-2", range(20, 60))], SEARCH)

    assert (found.slice.words, found.images, found.groups) == ("device cam-1", 12, 12)
    assert (found.inside, found.outside) == (pytest.approx(1 / 3), pytest.approx(170 / 188))
    assert found.low < found.inside - found.outside < found.high < 0
    assert found.p < 0.005


def test_find_slices__claims_no_slice_that_is_better_than_the_rest() -> None:
    assert not find_slices(SCORES, EACH_ALONE, [_sought("others", range(12, IMAGES))], SEARCH)


def test_find_slices__names_overlapping_slices_with_the_most_certain_one() -> None:
    (found,) = find_slices(SCORES, EACH_ALONE, [_sought("more", range(16)), _sought("cam-1", range(8))], SEARCH)

    assert (found.slice.words, found.also) == ("device cam-1", ("device more",))


def test_find_slices__looks_at_no_slice_of_few_groups() -> None:
    groups = np.concatenate([np.arange(12) // 2, np.arange(6, 194)])

    assert not find_slices(SCORES, groups, [_sought("cam-1", range(12))], SEARCH)
    assert find_slices(SCORES, groups, [_sought("cam-1", range(12))], replace(SEARCH, min_groups=6))


def test_find_slices__looks_at_no_slice_that_is_nearly_all() -> None:
    scores = np.array([0.0, 1.0] * 97 + [1.0] * 6)

    assert not find_slices(scores, EACH_ALONE, [_sought("most", range(194))], replace(SEARCH, max_p=1.0))


def test_find_slices__gives_the_same_twice() -> None:
    slices = [_sought("cam-1", range(12)), _sought("cam-2", range(20, 60))]

    assert repr(find_slices(SCORES, EACH_ALONE, slices, SEARCH)) == repr(find_slices(SCORES, EACH_ALONE, slices, SEARCH))


def test_find_slices__of_no_images_finds_nothing() -> None:
    assert find_slices(np.zeros(0), np.zeros(0, np.int64), [], SEARCH) == ()
