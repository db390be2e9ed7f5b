"""Run of one nightly cycle: starts the DAG, shows progress, and reports failures."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from demo.airflow import OVER, Airflow, AirflowAwayError
from demo.errors import DemoError
from demo.progress import Progress

LOOK_EVERY_S = 1.0
AWAY_LIMIT_S = 90.0
STARTS_WITHIN_S = 300.0


@dataclass(frozen=True)
class EndedRun:
    """A finished DAG run."""

    run_id: str
    state: str
    seconds: float
    stage_seconds: dict[str, float]
    """Stage → seconds of work, summed over the shards of a mapped stage."""


def run_night(airflow: Airflow, dag_id: str, conf: dict[str, object], progress: Progress, look: Callable[[], str]) -> EndedRun:
    """Trigger the DAG and wait for its end. `look` is called at each poll and returns a note to show.

    Raises:
        DemoError: Airflow does not come back, or `look` raises it. The run is then marked failed.
    """
    run_id = airflow.trigger(dag_id, conf)
    try:
        return _wait(airflow, dag_id, run_id, progress, look)
    except BaseException:  # Ctrl-C as well: an abandoned run must not keep waiting for annotators.
        _give_up(airflow, dag_id, run_id)
        raise


def follow_night(airflow: Airflow, dag_id: str, before: Collection[str], progress: Progress, look: Callable[[], str]) -> EndedRun:
    """Wait for the run that the asset of new images starts, other than those of `before`, and for its end.

    Raises:
        DemoError: none starts in time, or as `run_night`.
    """
    until = time.monotonic() + STARTS_WITHIN_S
    while not (new := [one for one in airflow.runs_by_assets(dag_id) if one not in before]):
        look()
        if time.monotonic() > until:
            log = "make logs SERVICE=airflow-triggerer"
            raise DemoError(f"new images started no run of {dag_id} within {STARTS_WITHIN_S:.0f} s; see `{log}`")
        time.sleep(LOOK_EVERY_S)
    try:
        return _wait(airflow, dag_id, new[0], progress, look)
    except BaseException:  # As in `run_night`.
        _give_up(airflow, dag_id, new[0])
        raise


def why_failed(airflow: Airflow, dag_id: str, run_id: str) -> str:
    """Failed tasks with the end of their logs."""
    failed = [task for task in airflow.tasks(dag_id, run_id) if task.state == "failed"]
    told = []
    for task in failed:
        name = task.task_id if task.map_index < 0 else f"{task.task_id} (shard {task.map_index})"
        told += [f"task {name} failed at try {task.try_number}; the end of its log:"]
        told += [f"    {line}" for line in airflow.log_end(dag_id, run_id, task)]
    return "\n".join(told) or f"Airflow names no failed task of {run_id}; see {airflow.url}/dags/{dag_id}/runs/{run_id}"


def _wait(airflow: Airflow, dag_id: str, run_id: str, progress: Progress, look: Callable[[], str]) -> EndedRun:
    began = last_seen = time.monotonic()
    while True:
        note = look()
        try:
            run, tasks = airflow.run(dag_id, run_id), airflow.tasks(dag_id, run_id)
            last_seen = time.monotonic()
        except AirflowAwayError:
            if time.monotonic() - last_seen > AWAY_LIMIT_S:
                raise
            time.sleep(LOOK_EVERY_S)
            continue
        seconds = time.monotonic() - began
        progress.show(tasks, note, seconds)
        if run["state"] in OVER:
            progress.end()
            spent: dict[str, float] = {}
            for task in tasks:
                spent[task.task_id] = round(spent.get(task.task_id, 0.0) + task.seconds, 2)
            return EndedRun(run_id, run["state"], round(seconds, 1), spent)
        time.sleep(LOOK_EVERY_S)


def _give_up(airflow: Airflow, dag_id: str, run_id: str) -> None:
    try:
        airflow.fail(dag_id, run_id)
    except DemoError:
        return  # The error that ended the run is more important than this one.
