"""Each kind of DAG run gets one cycle_id, the same on every retry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import pytest
from nightlens_airflow.cycle_of_run import cycle_arguments, cycle_id_of_run, is_daily

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.records.cycle import CycleArguments

pytestmark = pytest.mark.airflow

NIGHTLY = "30 2 * * *"
HOURLY = "0 * * * *"
FORM = {"cycle_id": None, "budget": None, "deadline_s": None, "training": "auto"}


@dataclass
class Run:
    """Attributes of a DAG run."""

    run_type: str
    logical_date: datetime | None
    run_after: datetime


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def cycle_id(run: Run, schedule: str | None = NIGHTLY, typed: str | None = None, zone: str = "Europe/Berlin") -> str:
    return cycle_id_of_run(run, time_zone=zone, schedule=schedule, typed=typed)  # type: ignore[arg-type]


@pytest.mark.parametrize("run_type", ["scheduled", "backfill"])
def test_cycle_id__of_a_scheduled_run_is_its_day_in_the_projects_zone(run_type: str) -> None:
    run = Run(run_type, at("2026-11-20T23:30:00"), at("2026-11-25T00:00:00"))

    assert cycle_id(run) == "2026-11-21"
    assert cycle_id(run, zone="UTC") == "2026-11-20"


@pytest.mark.parametrize("run_type", ["manual", "asset_triggered", "operator_triggered", "asset_materialization"])
@pytest.mark.parametrize("logical_date", [None, at("2020-01-01T00:00:00")])
def test_cycle_id__of_any_other_run_is_its_start_to_the_second(run_type: str, logical_date: datetime | None) -> None:
    assert cycle_id(Run(run_type, logical_date, at("2026-11-21T13:30:07"))) == "2026-11-21T143007"


def test_cycle_id__of_a_scheduled_run_without_logical_date_is_its_start() -> None:
    assert cycle_id(Run("scheduled", None, at("2026-11-21T13:30:00"))) == "2026-11-21T143000"


def test_cycle_id__typed_into_the_form_goes_first() -> None:
    assert cycle_id(Run("manual", None, at("2026-11-21T13:30:00")), typed="2026-11-20") == "2026-11-20"
    with pytest.raises(SettingsError, match="cycle_id: wanted"):
        cycle_id(Run("manual", None, at("2026-11-21T13:30:00")), typed="yesterday")


@pytest.mark.parametrize(("first", "last"), [("2026-03-28", "2026-03-30"), ("2026-10-24", "2026-10-26")])
def test_cycle_id__is_one_a_night_where_clocks_change(first: str, last: str) -> None:
    ids = [cycle_id(Run("scheduled", moment, moment)) for moment in fires(NIGHTLY, at(f"{first}T00:00:00"), 3)]

    assert (ids[0], ids[-1], len(set(ids))) == (first, last, 3)


def test_cycle_id__of_the_hour_that_comes_twice_is_told_apart() -> None:
    ids = [cycle_id(Run("scheduled", moment, moment), HOURLY) for moment in fires(HOURLY, at("2026-10-24T23:30:00"), 3)]

    assert ids == ["2026-10-25T0200", "2026-10-25T020000", "2026-10-25T0300"]


def fires(cron: str, start: datetime, times: int) -> list[datetime]:
    """The moments at which Airflow itself would start runs."""
    import pendulum
    from airflow.timetables.base import TimeRestriction
    from airflow.timetables.trigger import CronTriggerTimetable

    timetable, interval, moments = CronTriggerTimetable(cron, timezone="Europe/Berlin"), None, []
    for _ in range(times):
        info = timetable.next_dagrun_info(
            last_automated_data_interval=interval, restriction=TimeRestriction(pendulum.instance(start), None, True)
        )
        assert info is not None
        interval = info.data_interval
        moments.append(info.data_interval.end)
    return moments


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (None, True),
        (NIGHTLY, True),
        ("0 22 * * 1-5", True),
        ("@daily", True),
        ("@weekly", True),
        (HOURLY, False),
        ("@hourly", False),
        ("0 6,18 * * *", False),
        ("*/5 3 * * *", False),
    ],
)
def test_is_daily__tells_schedules_that_fire_more_than_once_a_day(schedule: str | None, expected: bool) -> None:
    assert is_daily(schedule) is expected


def test_cycle_arguments__come_from_the_form() -> None:
    params: dict[str, Any] = FORM | {"budget": 40, "deadline_s": 60.0, "training": "force"}

    assert cycle_arguments(params, {"budget": 40}) == CycleArguments(40, 60.0, "force")
    assert cycle_arguments(FORM, None) == CycleArguments()
    chosen = {"selection": "coverage", "selection_weights": None, "control_ratio": 0.2}
    assert cycle_arguments(FORM | chosen, chosen) == CycleArguments(selection="coverage", control_ratio=0.2)


def test_cycle_arguments__refuse_a_name_that_the_form_does_not_have() -> None:
    with pytest.raises(
        SettingsError,
        match="wanted only cycle_id, budget, deadline_s, training, selection, selection_weights, control_ratio; found bugdet",
    ):
        cycle_arguments(FORM, {"bugdet": 40})
