"""Tests that cron expressions are read as Airflow reads them."""

from __future__ import annotations

from datetime import datetime, timezone
from itertools import pairwise

import pytest

from pipeline_tasks.settings.schedule import _PRESETS, check_schedule, next_runs

SATURDAY = datetime(2026, 10, 24, 12, tzinfo=timezone.utc)
"""The day before summer time ends in Berlin."""


def test_next_runs__keep_the_hour_of_the_zone_when_summer_time_ends() -> None:
    runs = next_runs("0 22 * * *", "Europe/Berlin", SATURDAY)

    assert [f"{one:%d %H:%M %Z}" for one in runs] == ["24 22:00 CEST", "25 22:00 CET", "26 22:00 CET"]


@pytest.mark.airflow
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/Los_Angeles"])
@pytest.mark.parametrize(
    "schedule", ["0 22 * * *", "30 2 * * *", "0 0 1 */3 *", "*/15 1 * * mon-fri", "*/20 * * * *", "0 12 13 * 5", "@weekly"]
)
@pytest.mark.parametrize("after", [SATURDAY, datetime(2026, 3, 28, 12, tzinfo=timezone.utc)])
def test_next_runs__are_those_of_airflow(schedule: str, zone: str, after: datetime) -> None:
    import pendulum
    from airflow.timetables.trigger import CronTriggerTimetable

    airflow = CronTriggerTimetable(schedule, timezone=zone)
    times = [pendulum.instance(after)]
    for _ in range(50):
        times.append(airflow._get_next(times[-1]))

    check_schedule(schedule)
    assert [one.astimezone(timezone.utc) for one in next_runs(schedule, zone, after, 50)] == times[1:]


@pytest.mark.airflow
def test_presets__are_those_of_airflow() -> None:
    from airflow.utils.dates import cron_presets

    assert cron_presets == _PRESETS


@pytest.mark.parametrize("schedule", _PRESETS)
def test_check_schedule__accepts_the_presets_of_airflow(schedule: str) -> None:
    check_schedule(schedule)

    assert all(one < next_one for one, next_one in pairwise(next_runs(schedule, "UTC", SATURDAY)))
