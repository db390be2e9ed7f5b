"""Tests of the decision if new images start a night."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from pipeline_tasks.settings.new_images import NewImagesSettings
from pipeline_tasks.sources.start_of_a_night import ASKED_AGAIN_AFTER, NewImages, Remembered, decide

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)
BY_NUMBER = NewImagesSettings(min_images=3, cool_down_s=600)
BY_TIME = NewImagesSettings(max_wait_s=300, cool_down_s=0)
NOTHING = Remembered()


def test_settings__watch_nothing_by_default() -> None:
    assert not NewImagesSettings().is_watched
    assert BY_NUMBER.is_watched
    assert BY_TIME.is_watched


@pytest.mark.parametrize(("files", "starts"), [(0, False), (2, False), (3, True)])
def test_decision__starts_a_night_at_the_number_of_the_setting(files: int, starts: bool) -> None:
    assert decide(BY_NUMBER, NewImages(files), NOTHING, NOON).starts is starts


def test_decision__starts_a_night_when_the_first_new_image_has_waited_long_enough() -> None:
    first = decide(BY_TIME, NewImages(1), NOTHING, NOON)
    early = decide(BY_TIME, NewImages(1), first.remembered, NOON + 4 * MINUTE)
    late = decide(BY_TIME, NewImages(1), early.remembered, NOON + 5 * MINUTE)

    assert [one.starts for one in (first, early, late)] == [False, False, True]
    assert first.why == early.why, "a log names a state once"


def test_decision__counts_the_wait_anew_after_a_look_without_new_images() -> None:
    first = decide(BY_TIME, NewImages(1), NOTHING, NOON)
    gone = decide(BY_TIME, NewImages(0), first.remembered, NOON + MINUTE)

    assert not decide(BY_TIME, NewImages(1), gone.remembered, NOON + 6 * MINUTE).starts


def test_decision__asks_once_until_a_night_has_begun() -> None:
    asked = decide(BY_NUMBER, NewImages(3, "1/a", NOON - 60 * MINUTE), NOTHING, NOON)
    again = decide(BY_NUMBER, NewImages(3, "1/a", NOON - 60 * MINUTE), asked.remembered, NOON + MINUTE)
    taking_in = decide(BY_NUMBER, NewImages(0, "1/b", NOON, is_taking_in=True), again.remembered, NOON + 2 * MINUTE)
    after = decide(BY_NUMBER, NewImages(3, "1/b", NOON), taking_in.remembered, NOON + 11 * MINUTE)

    assert [one.starts for one in (asked, again, taking_in, after)] == [True, False, False, True]
    assert "has not begun yet" in again.why


def test_decision__asks_again_where_no_night_has_followed_for_long() -> None:
    asked = decide(BY_NUMBER, NewImages(3), NOTHING, NOON)

    assert decide(BY_NUMBER, NewImages(3), asked.remembered, NOON + ASKED_AGAIN_AFTER).starts


def test_decision__keeps_the_cool_down_after_any_night() -> None:
    seen = NewImages(3, "1/a", NOON)

    assert not decide(BY_NUMBER, seen, NOTHING, NOON + 9 * MINUTE).starts
    assert decide(BY_NUMBER, seen, NOTHING, NOON + 10 * MINUTE).starts
