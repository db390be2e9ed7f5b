"""Tests of a reference of the same cameras and times."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline_tasks.drift.matching import ANY_TIME, HOUR_OF_WEEK, PART_OF_DAY, Pair, blocks_of, matched
from pipeline_tasks.drift.sample import Sample
from pipeline_tasks.errors import SettingsError


def sample(times: list[str], cameras: list[str] | None = None, clips: list[str] | None = None) -> Sample:
    return Sample(
        np.array([f"{at}" for at in range(len(times))]),
        times=np.array(times, "datetime64[s]"),
        cameras=None if cameras is None else np.array(cameras),
        clips=None if clips is None else np.array(clips),
    )


def times_of(pair: Pair) -> list[str]:
    assert pair.images.times is not None
    return sorted(str(one) for one in pair.images.times[~pair.is_production])


MONDAY_NOON, NEXT_MONDAY_NOON, MONDAY_NIGHT = "2026-11-02T12:10:00", "2026-11-09T12:50:00", "2026-11-02T23:00:00"


def test_matched__takes_the_same_hour_of_the_same_weekday() -> None:
    pair = matched(sample([MONDAY_NOON, MONDAY_NIGHT]), sample([NEXT_MONDAY_NOON]), seed=0)

    assert times_of(pair) == [MONDAY_NOON]
    assert (pair.level, pair.without_reference) == (HOUR_OF_WEEK, 0)


def test_matched__is_less_exact_where_the_reference_is_small() -> None:
    reference = sample(["2026-11-03T13:00:00", MONDAY_NIGHT, "2026-11-07T13:00:00"])

    pair = matched(reference, sample([NEXT_MONDAY_NOON]), seed=0)

    assert times_of(pair) == ["2026-11-03T13:00:00"], "of the same six hours, not on a weekend"
    assert pair.level == PART_OF_DAY


def test_matched__takes_any_time_if_none_fits() -> None:
    pair = matched(sample([MONDAY_NIGHT]), sample([NEXT_MONDAY_NOON]), seed=0)

    assert times_of(pair) == [MONDAY_NIGHT]
    assert pair.level == ANY_TIME


def test_matched__has_cameras_in_production_s_shares() -> None:
    reference = sample([MONDAY_NOON] * 8, ["left"] * 4 + ["right"] * 4)

    pair = matched(reference, sample([MONDAY_NOON] * 4, ["left", "left", "left", "right"]), seed=0)

    assert pair.images.cameras is not None
    assert sorted(pair.images.cameras[~pair.is_production].tolist()) == ["left"] * 4 + ["right"] * 2


def test_matched__counts_images_of_a_camera_that_the_reference_lacks() -> None:
    pair = matched(sample([MONDAY_NOON], ["left"]), sample([MONDAY_NOON] * 2, ["left", "new"]), seed=0)

    assert pair.without_reference == 1
    assert pair.is_production.tolist() == [False, True]


def test_matched__takes_images_without_a_time_as_a_time_of_their_own() -> None:
    pair = matched(sample(["NaT", MONDAY_NOON]), sample(["NaT"]), seed=0)

    assert times_of(pair) == ["NaT"]


def test_matched__wants_both_samples_to_have_cameras() -> None:
    with pytest.raises(SettingsError, match="cameras is known of one sample"):
        matched(sample([MONDAY_NOON], ["left"]), sample([MONDAY_NOON]), seed=0)


def test_sample__wants_one_row_an_image() -> None:
    with pytest.raises(SettingsError, match="luma_mean has 3 rows and there are 2 images"):
        Sample(np.array(["a", "b"]), {"luma_mean": np.zeros(3)})


def test_blocks_of__are_clips_of_one_side_and_cell() -> None:
    images = sample([MONDAY_NOON] * 6, clips=["one", "one", "", "", "one", "one"])

    blocks = blocks_of(images, np.array([0, 0, 0, 0, 1, 1], bool), np.array([0, 0, 0, 0, 0, 1]))

    assert blocks[0] == blocks[1]
    assert len(set(blocks.tolist())) == 5
