from __future__ import annotations

from datetime import datetime, timezone
from itertools import islice

import pytest

from pipeline_tasks.records.cycle import (
    Cycle,
    CycleArguments,
    check_cycle_id,
    cycle_id_of_time,
    cycle_ids_of_time,
    derive_seed,
    utc,
)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("time", "zone", "kind", "wanted"),
    [
        # 22:30 UTC is already the next day in Berlin.
        ("2026-11-20T23:30", "Europe/Berlin", {"is_scheduled": True}, "2026-11-21"),
        ("2026-11-20T23:30", "UTC", {"is_scheduled": True}, "2026-11-20"),
        ("2026-11-20T23:30", "Europe/Berlin", {"is_scheduled": True, "is_daily": False}, "2026-11-21T0030"),
        ("2026-11-20T13:30:05", "Europe/Berlin", {"is_scheduled": False}, "2026-11-20T143005"),
        # The same wall-clock hour twice, on the night the clocks go back: two instants, one scheduled day.
        ("2026-10-25T00:30", "Europe/Berlin", {"is_scheduled": True}, "2026-10-25"),
        ("2026-10-25T01:30", "Europe/Berlin", {"is_scheduled": True}, "2026-10-25"),
    ],
)
def test_cycle_id_of_time(time: str, zone: str, kind: dict[str, bool], wanted: str) -> None:
    found = cycle_id_of_time(moment(time), zone, **kind)  # type: ignore[arg-type]

    assert found == wanted
    assert check_cycle_id(found) == wanted


def test_derive_seed__depends_on_project_and_names_only() -> None:
    assert derive_seed(1, "a", "b") == derive_seed(1, "a", "b")
    assert len({derive_seed(1, "a"), derive_seed(2, "a"), derive_seed(1, "b")}) == 3
    assert 0 <= derive_seed(1, "a") < 2**31


def test_utc__takes_a_time_without_zone_as_utc() -> None:
    assert utc("2026-11-21T10:00:00") == moment("2026-11-21T10:00:00")
    assert utc("2026-11-21T11:00:00+01:00") == moment("2026-11-21T10:00:00")


def test_outside_name__carries_the_generation_from_the_second_on() -> None:
    from given import a_project

    def name(generation: int) -> str:
        project = a_project()
        return Cycle("2026-11-21", "nightly", project, CycleArguments(), generation, 0, moment("2026-11-21"), "test").outside_name

    assert [name(1), name(2)] == ["parts", "parts-2"]


def test_cycle_ids_of_time__end_in_seconds_and_differ_in_the_hour_that_is_repeated() -> None:
    def names(time: str, count: int, **kind: bool) -> list[str]:
        return list(islice(cycle_ids_of_time(moment(time), "Europe/Berlin", **kind), count))  # type: ignore[arg-type]

    assert names("2026-11-21T21:00", 3, is_scheduled=True) == ["2026-11-21", "2026-11-21T220000", "2026-11-21T220001"]
    assert names("2026-11-21T21:00", 2, is_scheduled=False) == ["2026-11-21T220000", "2026-11-21T220001"]
    twice = [names(f"2026-10-25T{hour}:30", 3, is_scheduled=True, is_daily=False) for hour in ("00", "01")]
    assert twice[0] == ["2026-10-25T0230", "2026-10-25T023000", "2026-10-25T023001"]
    assert twice[1] == ["2026-10-25T023000", "2026-10-25T023000", "2026-10-25T023001"]
    assert all(check_cycle_id(name) for name in names("2026-12-31T22:59:59", 60, is_scheduled=True))
