"""Tests of the DAG files in Airflow: quick to parse, stable, documented, and unaffected by an invalid project file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from given_airflow import ROOT, write_projects

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag

pytestmark = pytest.mark.airflow

HEAVY = (
    "torch",
    "polars",
    "numpy",
    "pandas",
    "pyarrow",
    "cv2",
    "mlflow",
    "dataframely",
    "onnxruntime",
    "lightning",
    "PIL",
    "label_studio_sdk",
)
READ = f"""
import json, sys, time
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization
began = time.process_time()
bag = DagBag(dag_folder={str(ROOT / "dags")!r})
seconds = time.process_time() - began
import nightlens_plugin
heavy = [name for name in {HEAVY!r} if name in sys.modules]
dags = {{name: DagSerialization.to_dict(dag) for name, dag in bag.dags.items()}}
print(json.dumps({{"seconds": seconds, "heavy": heavy, "errors": bag.import_errors, "dags": dags}}, sort_keys=True, default=str))
"""


@pytest.fixture(scope="module")
def readings(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Results of two fresh processes with different hash seeds."""
    home = tmp_path_factory.mktemp("fresh")
    write_projects(home / "shipped")
    return [read_in_a_fresh_process(home, seed) for seed in ("1", "2")]


def read_in_a_fresh_process(home: Path, hash_seed: str) -> dict[str, Any]:
    environment = os.environ | {
        "NIGHTLENS_HOME": str(home),
        "NIGHTLENS_PROJECTS": str(home / "shipped"),
        "PYTHONHASHSEED": hash_seed,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "plugins")]),
    }
    done = subprocess.run([sys.executable, "-c", READ], env=environment, capture_output=True, text=True, check=True)
    reading: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return reading


def test_dag_files__are_read_without_heavy_imports(readings: list[dict[str, Any]]) -> None:
    assert [Path(path).name for path in readings[0]["errors"]] == ["broken_projects.py"]
    assert readings[0]["heavy"] == []
    assert readings[0]["seconds"] <= 2


def test_dag_files__make_the_same_dags_in_every_process(readings: list[dict[str, Any]]) -> None:
    assert readings[0]["dags"] == readings[1]["dags"]


def test_dag_files__make_seven_dags_a_project_whether_its_file_is_good_or_bad(dag_bag: DagBag) -> None:
    kinds = ("nightly", "roll_back", "tend_storage", "backfill", "import_dataset", "search_settings", "pretrain_backbone")

    assert sorted(dag_bag.dags) == sorted(f"{kind}__{project}" for kind in kinds for project in ("belt", "ore", "tiles"))


def test_bad_project_file__becomes_a_dag_that_says_what_is_wrong(dag_bag: DagBag) -> None:
    from pipeline_tasks.errors import SettingsError

    dag = dag_bag.dags["nightly__ore"]
    task = dag.get_task("read_project_file")

    assert "selection.bugdet: unknown key 'bugdet' (did you mean 'budget'?)" in (dag.doc_md or "")
    with pytest.raises(SettingsError, match=r"selection\.bugdet"):
        task.python_callable(*task.op_args, **task.op_kwargs)  # type: ignore[attr-defined]


def test_bad_project_file__is_an_import_error_with_its_message_and_affects_no_other_dag(readings: list[dict[str, Any]]) -> None:
    (said,) = readings[0]["errors"].values()

    assert "selection.bugdet: unknown key 'bugdet' (did you mean 'budget'?)" in said
    assert {"nightly__belt", "roll_back__ore"} <= set(readings[0]["dags"])


def test_bad_project_file__keeps_its_schedule_and_its_other_dags(dag_bag: DagBag) -> None:
    timetable = dag_bag.dags["nightly__ore"].timetable
    beside = dag_bag.dags["roll_back__ore"]

    assert (timetable.expression, str(timetable.timezone)) == ("30 2 * * *", "Europe/Berlin")  # type: ignore[attr-defined]
    assert "works with the settings of the newest cycle" in (beside.description or "")
    assert "selection.bugdet" in (beside.doc_md or "")


def test_dags__call_a_notifier_on_failure_only_where_one_is_set(dag_bag: DagBag, monkeypatch: pytest.MonkeyPatch) -> None:
    from nightlens_airflow.notifying import SETTING, failure_callback, run_failed

    assert {dag.on_failure_callback for dag in dag_bag.dags.values()} == {None}
    told: list[object] = []
    monkeypatch.setattr("nightlens_airflow.notifying.told", told.append, raising=False)
    monkeypatch.setenv(SETTING, "nightlens_airflow.notifying:told")
    assert failure_callback() is run_failed
    run_failed({"run_id": "manual"})
    assert told == [{"run_id": "manual"}]


@pytest.mark.parametrize("named", ["nowhere:notify", "nightlens_airflow.notifying:nobody", "notify", ":"])
def test_dags__are_read_with_a_wrong_name_of_the_notifier(
    named: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from nightlens_airflow.notifying import SETTING, run_failed

    monkeypatch.setenv(SETTING, named)
    run_failed({})

    assert f"wanted a notifier as module:attribute, found {named!r}" in caplog.text


def test_dags__have_document_tags_owner_and_one_run_at_a_time(dag_bag: DagBag) -> None:
    for dag in dag_bag.dags.values():
        assert dag.doc_md, dag.dag_id
        assert "nightlens" in dag.tags
        assert dag.max_active_runs == 1
        assert dag.catchup is False


def test_tasks__have_a_document_and_retries_by_our_error_tree(dag_bag: DagBag) -> None:
    from nightlens_airflow.defaults import RETRY_POLICY

    for dag in dag_bag.dags.values():
        for task in dag.tasks:
            assert task.doc_md, task.task_id
            assert not task.doc_md.strip().startswith("    ")
            if task.task_id != "read_project_file":
                assert task.retries >= 3, task.task_id
                assert task.retry_policy is RETRY_POLICY or task.retry_policy.rules == RETRY_POLICY.rules  # type: ignore[union-attr]


def test_nightly__holds_the_stages_of_the_process_in_their_order_and_groups(dag_bag: DagBag) -> None:
    from pipeline_tasks.process import NIGHTLY, NIGHTLY_STAGES, TASK_GROUPS

    dag = dag_bag.dags["nightly__belt"]
    groups = {name: group for name, group in dag.task_group_dict.items() if name}
    group_of = {task.task_id: task.task_group.group_id for task in dag.tasks}  # type: ignore[union-attr]

    assert sorted(groups) == sorted(TASK_GROUPS)
    assert all(group.tooltip for group in groups.values())
    assert [task.task_id for task in dag.topological_sort()] == [*NIGHTLY_STAGES, "cycle_succeeded"]
    assert group_of == {stage.name: stage.group if stage.has_task_group else None for stage in NIGHTLY} | {"cycle_succeeded": None}


def test_other_dags__hold_only_stages_that_are_not_part_of_a_night(dag_bag: DagBag) -> None:
    from pipeline_tasks.process import PROCESS

    beside = [stage.name for stage in PROCESS if not stage.is_nightly]
    placed = [
        task.task_id
        for kind in ("roll_back", "tend_storage", "backfill")
        for task in dag_bag.dags[f"{kind}__belt"].topological_sort()
    ]

    assert placed == [name for name in beside if name in placed]


def test_import_dataset__holds_the_stages_of_an_import_in_order(dag_bag: DagBag) -> None:
    from pipeline_tasks.wiring.run import IMPORT_STAGES

    dag = dag_bag.dags["import_dataset__belt"]

    assert tuple(task.task_id for task in dag.topological_sort()) == IMPORT_STAGES
    assert not dag.timetable.can_be_scheduled
    assert dag.get_task("measure_images").pool == "inference"


def test_search_settings__runs_its_trials_in_waves_and_its_candidate_goes_the_way_of_every_candidate(dag_bag: DagBag) -> None:
    from pipeline_tasks.search.waves import WAVES
    from pipeline_tasks.wiring.run import AFTER_TRIALS

    dag = dag_bag.dags["search_settings__belt"]
    waves = [f"{task}_{wave + 1}" for wave in range(WAVES) for task in ("list_trials", "run_trial")]

    assert [task.task_id for task in dag.topological_sort()] == ["open_search", "build_dataset_version", *waves, *AFTER_TRIALS]
    assert dag.get_task("run_trial_1").pool == "inference"
    assert not dag.timetable.can_be_scheduled


def test_pretrain_backbone__holds_the_stages_of_a_pretraining_in_order_and_starts_by_hand_alone(dag_bag: DagBag) -> None:
    from pipeline_tasks.wiring.run import PRETRAINING_STAGES

    dag = dag_bag.dags["pretrain_backbone__belt"]

    assert tuple(task.task_id for task in dag.topological_sort()) == PRETRAINING_STAGES
    assert dag.get_task("train_backbone").pool == "inference"
    assert not dag.timetable.can_be_scheduled


def test_tasks__say_what_their_stage_reads_and_writes(dag_bag: DagBag) -> None:
    task = dag_bag.dags["nightly__belt"].get_task("collect_annotations")

    assert "| Writes | annotation log, annotations, annotation objects, lost tasks, foreign tasks, asked changes |" in (
        task.doc_md or ""
    )


def test_nightly__runs_in_the_zone_of_its_project(dag_bag: DagBag) -> None:
    timetable = dag_bag.dags["nightly__belt"].timetable

    assert (timetable.expression, str(timetable.timezone)) == ("30 2 * * *", "Europe/Berlin")  # type: ignore[attr-defined]
    by_images = dag_bag.dags["nightly__tiles"].timetable
    assert not hasattr(by_images, "expression"), "no clock starts it"
    assert [asset.name for asset in by_images.asset_condition.objects] == ["new_images__tiles"]  # type: ignore[attr-defined]


def test_measuring__waits_in_the_pool_for_inference(dag_bag: DagBag) -> None:
    assert dag_bag.dags["nightly__belt"].get_task("measure_images").pool == "inference"


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("cycle_id", [None, "", "2026-11-21", "2026-11-21T143000"], ["yesterday", "2026-11-21; drop"]),
        ("budget", [None, 0, 240], [-1, "many"]),
        ("deadline_s", [None, 0.5, 28800], [0, -3, "8h"]),
        ("training", ["auto", "force", "skip"], ["later", None]),
        ("selection", [None, "auto", "coverage", "similar_to"], ["magic", "os:system", {"coverage": 1}]),
        ("selection_weights", [None, {"coverage": 1, "margin": 0.5}], ["coverage", {"coverage": 0}, {"coverage": "much"}]),
        ("control_ratio", [None, 0, 0.2, 1], [-0.1, 1.5, "all"]),
    ],
)
def test_form__has_only_fields_that_a_cycle_takes(name: str, good: list[Any], bad: list[Any]) -> None:
    from airflow.sdk.exceptions import ParamValidationError
    from nightlens_airflow.dag_settings import CYCLE_FORM

    field = CYCLE_FORM[name]
    assert field.description
    assert [field.resolve(value) for value in good] == good
    for value in bad:
        with pytest.raises(ParamValidationError):
            field.resolve(value)


def test_queues__that_containers_serve_are_those_of_the_tasks(dag_bag: DagBag) -> None:
    """A queue without a worker waits for ever, and a worker without a task idles."""
    services = yaml.safe_load((ROOT / "docker/compose.yaml").read_text())["services"]
    commands = [service["command"] for service in services.values() if "--queues" in service.get("command", [])]
    served = {queue for command in commands for queue in command[command.index("--queues") + 1].split(",")}

    assert {task.queue for dag in dag_bag.dags.values() for task in dag.tasks} == served
