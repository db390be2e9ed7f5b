"""Cycle of a DAG run: its id, and the arguments that a person set in Airflow's form."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from airflow.sdk import CronTriggerTimetable

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.records.cycle import CycleArguments, check_cycle_id, cycle_ids_of_time
from pipeline_tasks.settings.schedule import next_runs

if TYPE_CHECKING:
    from airflow.sdk.types import DagRunProtocol

_SCHEDULED = {"scheduled", "backfill"}
_SELECTION = ("selection", "selection_weights", "control_ratio")


def cycle_ids_of_run(run: DagRunProtocol, *, time_zone: str, schedule: str | None, typed: str | None = None) -> list[str]:
    """The names that a DAG run may give its cycle, the best first; the same on each retry.

    A scheduled or backfilled run is named after its logical date in the project's zone. A run started by hand, by an asset
    or by another DAG has no meaningful logical date and is named after its `run_after`. An id typed into the form is the only one.

    Raises:
        SettingsError: the typed id does not have the form of a cycle_id.
    """
    if typed:
        return [check_cycle_id(typed)]
    if str(getattr(run.run_type, "value", run.run_type)) in _SCHEDULED and run.logical_date is not None:
        return list(cycle_ids_of_time(run.logical_date, time_zone, is_scheduled=True, is_daily=is_daily(schedule)))
    return list(cycle_ids_of_time(run.run_after, time_zone, is_scheduled=False))


def later_night_that_is_due(run: DagRunProtocol, *, time_zone: str, schedule: str | None) -> datetime | None:
    """The night for which another scheduled run comes, that takes in this run's images, too; None: this run is the newest.

    After a time without a scheduler Airflow starts the first missed night, and then the last one. A run that was cleared, a
    backfill and one without a start are nobody's predecessor.
    """
    is_scheduled = str(getattr(run.run_type, "value", run.run_type)) == "scheduled"
    if schedule is None or not is_scheduled or run.logical_date is None or run.start_date is None or run.clear_number:
        return None
    following = next_runs(schedule, time_zone, run.logical_date, 1)[0]
    return following if following <= run.start_date else None


def is_daily(schedule: str | None) -> bool:
    """Return True if a cron expression fires at most once a day."""
    if schedule is None:
        return True
    # Expand a preset such as @weekly as Airflow does.
    minute_and_hour = CronTriggerTimetable(schedule, timezone="UTC").expression.split()[:2]
    return all(re.fullmatch(r"\d+", one) for one in minute_and_hour)


def cycle_arguments(params: JsonObject, conf: JsonObject | None) -> CycleArguments:
    """Arguments of this cycle from the form or the API.

    Raises:
        SettingsError: the run was started with an argument that the form does not have, so that a typing error is not ignored.
    """
    known = ("cycle_id", "budget", "deadline_s", "training", *_SELECTION)
    unknown = sorted(set(conf or {}) - set(known))
    if unknown:
        raise SettingsError(f"configuration of the DAG run: wanted only {', '.join(known)}; found {', '.join(unknown)}")
    selection = {name: params.get(name) for name in _SELECTION}
    return CycleArguments(budget=params["budget"], deadline_s=params["deadline_s"], training=params["training"], **selection)
