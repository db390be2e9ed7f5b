"""Tests that each kind of DAG run gets one cycle_id, the same on every retry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import pytest
from given import STARTED_AT, a_project
from nightlens_airflow.cycle_of_run import cycle_arguments, cycle_ids_of_run, is_daily

from pipeline_tasks.errors import CycleTakenError, SettingsError
from pipeline_tasks.records.cycle import CycleArguments, CycleOpening
from pipeline_tasks.stages.ingest.open_cycle import open_cycle
from pipeline_tasks.storage.history.cycles import cycle_of_run, open_manual_cycle
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.wiring.run import KINDS_OF_OPENERS, first_that_is_free

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
    return cycle_ids_of_run(run, time_zone=zone, schedule=schedule, typed=typed)[0]  # type: ignore[arg-type]


def open_as(store: Store, run_id: str, run: Run, stage: str = "open_cycle", **edited: Any) -> str:
    """Open a cycle as a task does: under the first name that is free."""
    settings: dict[str, Any] = {"time_zone": "Europe/Berlin", "schedule": NIGHTLY} | edited
    names = cycle_ids_of_run(run, **settings)  # type: ignore[arg-type]
    own = cycle_of_run(store, run_id, KINDS_OF_OPENERS[stage])

    def open_one(cycle_id: str) -> str:
        opening = CycleOpening(a_project(), cycle_id, run_id, STARTED_AT, "test")
        open_cycle(store, opening) if stage == "open_cycle" else open_manual_cycle(store, opening, KINDS_OF_OPENERS[stage])
        return cycle_id

    return first_that_is_free(names if own is None else [own], open_one)


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


def test_cycle_id__from_the_form_takes_precedence() -> None:
    assert cycle_id(Run("manual", None, at("2026-11-21T13:30:00")), typed="2026-11-20") == "2026-11-20"
    with pytest.raises(SettingsError, match="cycle_id: wanted"):
        cycle_id(Run("manual", None, at("2026-11-21T13:30:00")), typed="yesterday")


@pytest.mark.parametrize(("first", "last"), [("2026-03-28", "2026-03-30"), ("2026-10-24", "2026-10-26")])
def test_cycle_id__is_one_a_night_when_clocks_change(first: str, last: str) -> None:
    ids = [cycle_id(Run("scheduled", moment, moment)) for moment in fires(NIGHTLY, at(f"{first}T00:00:00"), 3)]

    assert (ids[0], ids[-1], len(set(ids))) == (first, last, 3)


def test_cycle_id__of_a_second_scheduled_run_of_one_day_is_named_to_the_second(store: Store) -> None:
    """The schedule was edited from 22:00 to 23:00 after the first run."""
    early = Run("scheduled", at("2026-11-21T21:00:00"), at("2026-11-21T21:00:00"))
    late = Run("scheduled", at("2026-11-21T22:00:00"), at("2026-11-21T22:00:00"))

    assert open_as(store, "scheduled__21", early) == "2026-11-21"
    assert open_as(store, "scheduled__22", late) == "2026-11-21T230000"
    assert open_as(store, "scheduled__22", late) == "2026-11-21T230000", "a retry finds its own cycle"
    assert open_as(store, "scheduled__21", early) == "2026-11-21"


def test_cycle_id__of_a_run_stays_when_zone_or_schedule_are_edited_before_its_retry(store: Store) -> None:
    run = Run("scheduled", at("2026-11-20T23:30:00"), at("2026-11-20T23:30:00"))

    assert open_as(store, "scheduled__20", run) == "2026-11-21"
    assert open_as(store, "scheduled__20", run, time_zone="America/New_York") == "2026-11-21"
    assert open_as(store, "scheduled__20", run, schedule=HOURLY) == "2026-11-21"
    assert list(store.state().stages) == ["2026-11-21"]


def test_cycle_id__is_unique_where_an_edited_zone_puts_two_runs_on_one_day(store: Store) -> None:
    days = [Run("scheduled", at(f"2026-11-{day}T22:30:00"), at(f"2026-11-{day}T22:30:00")) for day in (20, 21)]

    assert open_as(store, "scheduled__20", days[0], time_zone="Asia/Tokyo") == "2026-11-21"
    assert open_as(store, "scheduled__21", days[1]) == "2026-11-21T233000"


def test_cycle_id__of_a_schedule_edited_from_hourly_to_daily(store: Store) -> None:
    """The report apache/airflow#66754: after such an edit the first daily run has the logical date of an hourly one."""
    midnight = Run("scheduled", at("2026-11-20T23:00:00"), at("2026-11-20T23:00:00"))

    assert open_as(store, "scheduled__hourly", midnight, schedule=HOURLY) == "2026-11-21T0000"
    assert open_as(store, "scheduled__daily", midnight, schedule="0 0 * * *") == "2026-11-21"
    assert open_as(store, "scheduled__hourly", midnight, schedule="0 0 * * *") == "2026-11-21T0000", "a retry after the edit"


def test_cycle_id__of_a_run_by_hand_at_the_moment_of_the_scheduled_one(store: Store) -> None:
    """The reports apache/airflow#36098 and #41208: a run by hand took the place of the scheduled run of its date."""
    moment = at("2026-11-21T01:30:00")

    assert open_as(store, "manual__21", Run("manual", moment, moment)) == "2026-11-21T023000"
    assert open_as(store, "scheduled__21", Run("scheduled", moment, moment)) == "2026-11-21"
    assert open_as(store, "backfill__21", Run("backfill", moment, at("2026-11-25T00:00:00"))) == "2026-11-21T023001"


def test_cycle_id__is_unique_for_two_runs_in_the_night_that_skips_an_hour(store: Store) -> None:
    """The report apache/airflow#38098: 02:30 does not exist in the night in which summer time begins."""
    twice = "30 2,14 * * *"
    moments = fires(twice, at("2026-03-28T12:00:00"), 4)

    names = [
        open_as(store, f"scheduled__{number}", Run("scheduled", one, one), schedule=twice) for number, one in enumerate(moments)
    ]

    assert names == ["2026-03-28T1430", "2026-03-29T0330", "2026-03-29T1430", "2026-03-30T0230"]


def test_cycle_id__of_two_dags_that_start_in_the_same_second(store: Store) -> None:
    """Airflow calls a scheduled run of each DAG by the same name."""
    run = Run("scheduled", None, at("2026-11-21T21:00:00"))

    first = open_as(store, "scheduled__21", run, "plan_collection")
    others = [open_as(store, "backfill__21", run, "plan_collection"), open_as(store, "scheduled__21", run, "backfill")]

    assert [first, *others] == ["2026-11-21T220000", "2026-11-21T220001", "2026-11-21T220002"]
    assert open_as(store, "scheduled__21", run, "plan_collection") == first


def test_cycle_id__from_the_form_is_refused_if_taken(store: Store) -> None:
    run = Run("manual", None, at("2026-11-21T21:00:00"))
    open_as(store, "first", run, typed="2026-11-21")

    with pytest.raises(CycleTakenError, match=r"belongs to the run 'first' \(nightly\); choose another one for 'second'"):
        open_as(store, "second", run, typed="2026-11-21")


def test_cycle_id__is_unique_in_the_hour_that_is_repeated() -> None:
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
