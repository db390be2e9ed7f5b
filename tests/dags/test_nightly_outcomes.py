"""Tests of the state of a night's DAG run, with Airflow's own scheduling and given outcomes of stages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from nightlens_airflow.tasks import failed_tasks

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag

pytestmark = [pytest.mark.airflow, pytest.mark.usefixtures("airflow_database")]

_numbers = count()


def play(dag_bag: DagBag, outcomes: Mapping[str, str], shards: int = 2) -> tuple[str, dict[str, str]]:
    """Let Airflow schedule a night whose tasks end in these states (default `success`); return its state, and task → state."""
    from airflow.models.taskmap import TaskMap, TaskMapVariant
    from airflow.serialization.serialized_objects import DagSerialization
    from airflow.utils.session import create_session
    from airflow.utils.types import DagRunTriggeredByType, DagRunType

    dag = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag_bag.dags["nightly__belt"]))
    moment = datetime(2026, 11, 21, tzinfo=timezone.utc) + timedelta(seconds=next(_numbers))
    with create_session() as session:
        run = dag.create_dagrun(
            run_id=f"test__{moment.isoformat()}",
            run_after=moment,
            run_type=DagRunType.MANUAL,
            triggered_by=DagRunTriggeredByType.TEST,
            state="running",
            session=session,
        )
        session.add(TaskMap(run.dag_id, "list_new_images", run.run_id, -1, shards, None))
        assert TaskMapVariant
        while run.state == "running":
            ready, _ = run.update_state(session=session)
            for task in ready:
                task.state = outcomes.get(task.task_id, "success")
                if task.task_id == "cycle_succeeded" and failed_tasks(_states(run, session)):
                    task.state = "failed"
            session.flush()
        return str(run.state), _states(run, session)


def _states(run: Any, session: Any) -> dict[str, str]:
    return {task.task_id: str(task.state) for task in run.get_task_instances(session=session)}


@pytest.mark.parametrize(
    "stage",
    ["list_new_images", "measure_images", "find_duplicates", "wait_for_annotators", "train_model", "evaluate_model", "roll_out"],
)
def test_night__with_a_failed_stage_fails_and_still_writes_its_report(dag_bag: DagBag, stage: str) -> None:
    colour, states = play(dag_bag, {stage: "failed"})

    assert colour == "failed"
    assert states["write_cycle_report"] == "success"
    assert states["cycle_succeeded"] == "failed"


def test_night__whose_report_failed_fails(dag_bag: DagBag) -> None:
    assert play(dag_bag, {"write_cycle_report": "failed"})[0] == "failed"


def test_night__that_trains_nothing_succeeds_and_still_rolls_the_champion_out(dag_bag: DagBag) -> None:
    idle = ["train_model", "export_model", "evaluate_model", "compare_with_champion", "sign_off", "promote_model"]
    colour, states = play(dag_bag, dict.fromkeys(idle, "skipped"))

    assert colour == "success"
    assert {states[stage] for stage in idle} == {"skipped"}
    assert {states[stage] for stage in ("roll_out", "write_cycle_report", "cycle_succeeded")} == {"success"}


def test_night__that_asks_nobody_to_sign_still_promotes(dag_bag: DagBag) -> None:
    colour, states = play(dag_bag, {"sign_off": "skipped"})

    assert colour == "success"
    assert {states[stage] for stage in ("promote_model", "roll_out")} == {"success"}


def test_night__whose_last_stage_is_skipped_succeeds(dag_bag: DagBag) -> None:
    assert play(dag_bag, {"roll_out": "skipped"})[0] == "success"


def test_night__without_new_images_measures_nothing_and_continues(dag_bag: DagBag) -> None:
    colour, states = play(dag_bag, {}, shards=0)

    assert colour == "success"
    assert states.pop("measure_images") == "skipped"
    assert set(states.values()) == {"success"}


def test_night__that_opened_no_cycle_overwrites_no_report_of_another_night(dag_bag: DagBag) -> None:
    colour, states = play(dag_bag, {"open_cycle": "failed"})

    assert colour == "failed"
    assert states["write_cycle_report"] == "upstream_failed"
    assert "success" not in states.values()


def test_night__without_a_failed_stage_succeeds(dag_bag: DagBag) -> None:
    assert play(dag_bag, {})[0] == "success"


def test_night__whose_images_a_later_one_takes_in_is_green_with_all_its_tasks_skipped(dag_bag: DagBag) -> None:
    others = [task.task_id for task in dag_bag.dags["nightly__belt"].tasks if task.task_id != "open_cycle"]
    colour, states = play(dag_bag, dict.fromkeys(others, "skipped"))

    assert colour == "success"
    assert "success" not in {states[task] for task in others}
