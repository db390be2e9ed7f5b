"""Cron expressions of a project: read as Airflow reads them, and their next runs in the project's zone."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

FIELDS = 5
_RANGES = "minute 0-59, hour 0-23, day 1-31, month 1-12, day of the week 0-7 or sun-sat"
_PRESETS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
}
"""Airflow's names for cron expressions."""


def check_schedule(schedule: str) -> None:
    """Check a cron expression.

    Raises:
        ValueError: it is none, or no date matches it; says what to write.
    """
    expression = _PRESETS.get(schedule, schedule)
    if time := re.fullmatch(r"\s*(\d{1,2})[:.](\d{2})(?:[:.]\d{2})?\s*", expression):
        hour, minute = int(time[1]), int(time[2])
        raise ValueError(f'{schedule!r} is no cron expression; for {hour:02}:{minute:02} every day write "{minute} {hour} * * *"')
    if expression.startswith("@"):
        raise ValueError(f"unknown name of a schedule {schedule!r} (known: {', '.join(_PRESETS)})")
    if len(expression.split()) != FIELDS:
        raise ValueError(
            f"{schedule!r} is no cron expression: wanted {FIELDS} fields (minute, hour, day, month, day of the week), found "
            f'{len(expression.split())}; for 22:00 every day write "0 22 * * *"'
        )
    try:
        next_runs(schedule, "UTC", datetime.now(timezone.utc), 1)
    except ValueError as error:
        is_dateless = type(error).__name__ == "CroniterBadDateError"
        why = "no date matches it" if is_dateless else f"a field is unknown or out of range ({_RANGES})"
        raise ValueError(f"{schedule!r} is no cron expression: {why}") from error


def next_runs(schedule: str, time_zone: str, after: datetime, count: int = 3) -> list[datetime]:
    """The next times of a cron expression, on the clocks of a zone.

    Raises:
        ValueError: a field is out of range, or no date fits.
    """
    # Imported here: most projects' tasks need no schedule.
    from croniter import croniter  # type: ignore[import-untyped]

    expression = _PRESETS.get(schedule, schedule)
    zone, runs = ZoneInfo(time_zone), [after]
    for _ in range(count):
        local = runs[-1].astimezone(zone).replace(tzinfo=None)
        found = croniter(expression, start_time=local).get_next(datetime)
        # As Airflow does: 22:00 stays 22:00 when summer time ends, and only what runs every hour runs in both hours of that night.
        is_hourly = expression.split()[1] == "*"
        # An hour that comes twice counts the second time; one that is left out, one hour later.
        both = (found.replace(tzinfo=zone, fold=fold).astimezone(timezone.utc) for fold in (0, 1))
        runs.append(runs[-1] + (found - local) if is_hourly else max(both))
    return [one.astimezone(zone) for one in runs[1:]]
