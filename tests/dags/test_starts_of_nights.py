"""Tests of the DAG runs that Airflow's own scheduler makes for a project: by its asset of new images, and after missed nights."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow.dag_processing.dagbag import DagBag
    from airflow.jobs.scheduler_job_runner import SchedulerJobRunner

pytestmark = [pytest.mark.airflow, pytest.mark.usefixtures("airflow_database")]


@pytest.fixture
def scheduler(dag_bag: DagBag) -> Iterator[SchedulerJobRunner]:
    """Airflow's scheduler, whose loop does not run; DAG runs that a test makes are deleted after it."""
    from airflow.dag_processing.dagbag import sync_bag_to_db
    from airflow.jobs.job import Job
    from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
    from airflow.models.dag import DagModel
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import delete, update

    def clear() -> None:
        with create_session() as session:
            session.execute(delete(DagRun))
            session.execute(update(DagModel).values(is_paused=False, exceeds_max_non_backfill=False))

    clear()
    # A DAG that is paused, as all are at first here, has no watcher.
    sync_bag_to_db(dag_bag, "dags-folder", None)
    yield SchedulerJobRunner(job=Job())
    clear()


def make_runs(scheduler: SchedulerJobRunner) -> None:
    """Do what each loop of the scheduler does to start DAG runs."""
    from airflow.utils.session import create_session
    from airflow.utils.sqlalchemy import prohibit_commit

    with create_session() as session, prohibit_commit(session) as guard:
        scheduler._create_dagruns_for_dags(guard, session)


def runs(dag_id: str) -> list[Any]:
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        return list(session.scalars(select(DagRun).where(DagRun.dag_id == dag_id).order_by(DagRun.run_after)))


def end_runs(dag_id: str) -> None:
    """Let the runs of a DAG succeed, and the scheduler see that there is room for another."""
    from airflow.models.dag import DagModel
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import update

    with create_session() as session:
        session.execute(update(DagRun).where(DagRun.dag_id == dag_id).values(state="success"))
        session.execute(update(DagModel).where(DagModel.dag_id == dag_id).values(exceeds_max_non_backfill=False))


def fire(project: str) -> None:
    """Hand an event of the watcher's trigger to Airflow, as its triggerer does."""
    from airflow.models.trigger import Trigger
    from airflow.triggers.base import TriggerEvent
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        found = [one for one in session.scalars(select(Trigger)) if one.kwargs == {"project": project}]
    assert len(found) == 1, "the asset has one watcher"
    Trigger.submit_event(found[0].id, TriggerEvent({"project": project, "why": "at least 3 new images"}))  # type: ignore[no-untyped-call]


def test_events_of_new_images__start_one_night_at_a_time(scheduler: SchedulerJobRunner) -> None:
    from nightlens_airflow.cycle_of_run import cycle_arguments, cycle_ids_of_run

    fire("tiles")
    make_runs(scheduler)
    (first,) = runs("nightly__tiles")
    assert first.run_type == "asset_triggered"
    assert cycle_ids_of_run(first, time_zone="UTC", schedule=None)[0] == f"{first.run_after:%Y-%m-%dT%H%M%S}"
    assert cycle_arguments({"budget": None, "deadline_s": None, "training": "auto"}, first.conf).budget is None

    for _ in range(3):
        fire("tiles")
        make_runs(scheduler)
    assert len(runs("nightly__tiles")) == 1, "the night is still running"
    end_runs("nightly__tiles")
    make_runs(scheduler)
    make_runs(scheduler)

    assert len(runs("nightly__tiles")) == 2, "three events while a night runs are one night after it"


def miss_nights(number: int) -> None:
    """Leave Airflow's tables as a scheduler does that was ended so many nights ago."""
    from airflow.models.dag import DagModel
    from airflow.timetables.base import DataInterval
    from airflow.utils.session import create_session

    now = datetime.now(timezone.utc)
    last = now.replace(hour=1, minute=30, second=0, microsecond=0)
    last -= timedelta(days=1) if last > now else timedelta(0)
    with create_session() as session:
        dag = session.get(DagModel, "nightly__belt")
        assert dag is not None
        dag.next_dagrun = dag.next_dagrun_create_after = last - timedelta(days=number - 1)
        dag.next_dagrun_data_interval = DataInterval.exact(dag.next_dagrun)


@pytest.mark.parametrize("missed", [1, 2, 3])
def test_missed_nights__are_caught_up_by_one(scheduler: SchedulerJobRunner, missed: int) -> None:
    from nightlens_airflow.cycle_of_run import later_night_that_is_due

    miss_nights(missed)
    for _ in range(missed + 1):
        make_runs(scheduler)
        end_runs("nightly__belt")

    made = runs("nightly__belt")
    assert len(made) == min(missed, 2), "Airflow starts the first and the last missed night"
    for run in made:
        run.start_date = datetime.now(timezone.utc)
    later = [later_night_that_is_due(run, time_zone="Europe/Berlin", schedule="30 2 * * *") for run in made]
    assert [one is None for one in later] == [*[False] * (len(made) - 1), True], "the last one alone opens a cycle"
