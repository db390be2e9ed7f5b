"""Tests of the Label Studio provider, as a DAG without Nightlens uses it: connection, operators, sensor, trigger, link."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from airflow.models.dagbag import DagBag
from airflow.providers_manager import ProvidersManager
from airflow.sdk import ObjectStoragePath
from airflow.sdk.exceptions import AirflowException, AirflowFailException, TaskDeferred
from nightlens_airflow.label_studio.annotation_folder import AnnotationFolder, Pulled
from nightlens_airflow.label_studio.hook import LabelStudioHook
from nightlens_airflow.label_studio.link import LINK_KEY
from nightlens_airflow.label_studio.operators import (
    LabelStudioConfigureProjectOperator,
    LabelStudioExportOperator,
    LabelStudioPullAnnotationsOperator,
    LabelStudioPushTasksOperator,
)
from nightlens_airflow.label_studio.sensor import LabelStudioAnnotatedSensor
from nightlens_airflow.provider import get_provider_info
from served_label_studio import served
from stand_in_label_studio import StandInLabelStudio

pytestmark = pytest.mark.airflow

TASKS = [{"picture": f"/{n}.jpg"} for n in range(3)]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandInLabelStudio]:
    stand_in = StandInLabelStudio()
    with served(stand_in) as port:
        connection = {"conn_type": "label_studio", "host": "127.0.0.1", "port": port, "password": "a" * 40}
        monkeypatch.setenv("AIRFLOW_CONN_LABEL_STUDIO_DEFAULT", json.dumps(connection))
        yield stand_in


class StandInTask:
    """Keeps what a task pushes."""

    def __init__(self) -> None:
        self.pushed: dict[str, Any] = {}

    def xcom_push(self, key: str, value: Any) -> None:
        self.pushed[key] = value


def run(operator: Any) -> Any:
    return operator.execute({"ti": StandInTask()})


def push(**more: Any) -> LabelStudioPushTasksOperator:
    return LabelStudioPushTasksOperator(task_id="push", project_id=1, batch="monday", **({"tasks": TASKS} | more))


def configure(**more: Any) -> int:
    made: int = run(LabelStudioConfigureProjectOperator(task_id="configure", name="parts", **({"label_config": "<View/>"} | more)))
    return made


def test_configure__finds_or_makes_a_project_a_form_and_can_keep_one(server: StandInLabelStudio) -> None:
    first = configure()
    assert configure() == first
    assert configure(label_config="<View></View>") != first
    kept = configure(keeps_project=True)
    assert configure(keeps_project=True, label_config="<View> </View>") == kept
    assert server.projects[kept]["label_config"] == "<View> </View>"


def test_push__imports_each_task_once_though_the_answer_is_lost_and_the_task_is_retried(server: StandInLabelStudio) -> None:
    configure()
    server.fail("POST /api/projects/1/import", httpx.ReadTimeout("lost"), happens=True)
    ids = run(push(tasks=[*TASKS, TASKS[0]]))

    assert run(push()) == ids
    assert sorted(ids.values()) == sorted(server.tasks)
    assert [task["data"]["round_id"] for task in server.tasks.values()] == ["monday"] * 3


def test_push__reads_tasks_from_a_file_and_takes_a_field_as_key(server: StandInLabelStudio, tmp_path: Path) -> None:
    configure()
    (tmp_path / "tasks.json").write_text(json.dumps([{"name": "a", "picture": "/1"}, {"name": "a", "picture": "/2"}]))

    assert len(run(push(tasks=None, tasks_path=str(tmp_path / "tasks.json"), key_field="name"))) == 1
    with pytest.raises(ValueError, match="wanted either tasks or tasks_path"):
        run(push(tasks=None))
    with pytest.raises(ValueError, match="render_template_as_native_obj"):
        run(push(tasks="[{}]"))


def test_operators__fail_at_once_where_a_retry_cannot_help_and_are_retried_where_it_can(server: StandInLabelStudio) -> None:
    with pytest.raises(AirflowFailException, match="status 404"):
        run(push())
    configure()
    server.fail("GET /api/tasks", httpx.Response(503))
    with pytest.raises(AirflowException, match="status 503") as raised:
        run(push())
    assert not isinstance(raised.value, AirflowFailException)
    assert push().retries == 3


def test_pull__logs_each_revision_once_and_only_fetches_what_changed(server: StandInLabelStudio, tmp_path: Path) -> None:
    configure()
    one, other, _ = run(push()).values()
    edited, deleted = server.annotate(one, ["bolt"]), server.annotate(other, ["nut"])
    pull = LabelStudioPullAnnotationsOperator(task_id="pull", project_id=1, folder=str(tmp_path / "log"))

    assert run(pull) == {"new": 2, "edited": 0, "deleted": 0, "standing": 2, "folder": str(tmp_path / "log")}
    server.edit(edited, ["nut"])
    server.take_back(deleted, is_noticed=False)
    again = run(pull)
    assert (again["new"], again["edited"], again["deleted"], again["standing"]) == (0, 1, 1, 1)
    assert run(pull) == {"new": 0, "edited": 0, "deleted": 0, "standing": 1, "folder": str(tmp_path / "log")}
    assert len(list((tmp_path / "log" / "annotations" / str(edited)).iterdir())) == 2
    assert len(list((tmp_path / "log" / "annotations" / str(deleted)).iterdir())) == 2
    assert len(list((tmp_path / "log").glob("index-*"))) == 2


def test_pull__that_was_killed_before_its_index_is_repeated(server: StandInLabelStudio, tmp_path: Path) -> None:
    configure()
    server.annotate(next(iter(run(push()).values())), ["bolt"])
    folder = AnnotationFolder(ObjectStoragePath(str(tmp_path)))
    with server.client() as client:
        assert folder.pull(client, 1) == Pulled(1, 0, 0, 1)
        (tmp_path / "index-1.json").write_text('{"standing": {"half')
        assert folder.pull(client, 1) == Pulled(1, 0, 0, 1)
    assert len(list((tmp_path / "annotations").glob("*/*.json"))) == 1


def test_export__writes_the_bytes_of_label_studios_own_export(server: StandInLabelStudio, tmp_path: Path) -> None:
    configure()
    server.annotate(next(iter(run(push()).values())), ["bolt"])
    path = tmp_path / "new" / "export.json"

    assert run(LabelStudioExportOperator(task_id="export", project_id=1, path=str(path))) == path.stat().st_size
    assert len(json.loads(path.read_text())) == 1


def test_sensor__defers_until_a_share_is_annotated_and_its_trigger_fires(server: StandInLabelStudio) -> None:
    configure()
    ids = list(run(push()).values())
    sensor = LabelStudioAnnotatedSensor(task_id="wait", project_id=1, batch="monday", share=0.6, poke_interval=0.01)
    task = StandInTask()
    with pytest.raises(TaskDeferred) as deferred:
        sensor.execute({"ti": task})
    assert task.pushed[LINK_KEY].endswith("/projects/1"), "its button works while it waits"
    trigger = deferred.value.trigger
    path, arguments = trigger.serialize()
    assert (path.rpartition(".")[2], arguments["tasks_wanted"]) == ("LabelStudioAnnotatedTrigger", 2)
    assert "a" * 40 not in str(arguments)
    server.annotate(ids[0], ["bolt"])
    server.annotate(ids[1], [], is_skipped=True)

    events = asyncio.run(asyncio.wait_for(_events(type(trigger)(**arguments)), 10))
    assert events == [{"project_id": 1}]
    assert sensor.resume({"ti": StandInTask()}, events[0])["annotated"] == 2


def test_sensor__ends_at_its_deadline_and_can_poke_without_a_triggerer(server: StandInLabelStudio) -> None:
    configure()
    run(push())
    late = LabelStudioAnnotatedSensor(task_id="wait", project_id=1, deadline="2026-01-01T00:00:00+00:00")

    assert run(late) == {"tasks": 3, "annotated": 0, "wanted": 3, "is_late": True, "is_over": True}
    poking = LabelStudioAnnotatedSensor(task_id="wait", project_id=1, deferrable=False)
    assert not poking.poke({}).is_done


async def _events(trigger: Any) -> list[Any]:
    return [event.payload async for event in trigger.run()]


def test_connection__says_whose_token_it_is_or_what_is_wrong(server: StandInLabelStudio, monkeypatch: pytest.MonkeyPatch) -> None:
    assert LabelStudioHook().test_connection() == (True, "Label Studio 1.23.2 knows the token of account 99.")
    monkeypatch.setenv("AIRFLOW_CONN_OTHER", json.dumps({"conn_type": "label_studio", "host": "127.0.0.1", "port": 9}))
    is_fine, why = LabelStudioHook("other").test_connection()
    assert (is_fine, "wanted an API token" in why) == (False, True)


@pytest.mark.parametrize(
    ("extra", "why"),
    [
        ({"requests_per_minute": 0}, "requests_per_minute above 0"),
        ({"requests_per_minute": "many"}, "found 'many'"),
        ({"webhook_port": 8080, "webhook_secret": "short"}, "16 characters or more"),
        ({"webhook_port": "x", "webhook_secret": "s" * 16}, "found port 'x'"),
    ],
)
def test_connection__with_a_wrong_extra_is_refused(monkeypatch: pytest.MonkeyPatch, extra: dict[str, Any], why: str) -> None:
    connection = {"conn_type": "label_studio", "host": "h", "password": "a" * 40, "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_WRONG", json.dumps(connection))

    is_fine, said = LabelStudioHook("wrong").test_connection()
    assert (is_fine, why in said) == (False, True), said


@pytest.mark.parametrize("empty", [None, ""])
def test_connection__takes_fields_of_the_form_that_were_left_empty(monkeypatch: pytest.MonkeyPatch, empty: str | None) -> None:
    extra = dict.fromkeys(("requests_per_minute", "webhook_port", "webhook_secret", "webhook_host"), empty)
    monkeypatch.setenv(
        "AIRFLOW_CONN_EMPTY", json.dumps({"conn_type": "label_studio", "host": "h", "password": "a" * 40, "extra": extra})
    )

    address = LabelStudioHook("empty").address()
    assert (address.requests_per_minute, address.webhook_port, address.webhook_secret) == (60, None, None)
    assert address.webhook_host == "127.0.0.1"


def test_provider__gives_airflow_a_connection_form_and_a_link() -> None:
    manager = ProvidersManager()
    manager._hooks_lazy_dict, manager._hook_provider_dict = manager._hooks_lazy_dict, manager._hook_provider_dict
    kind, _ = get_provider_info()["connection-types"]

    assert kind["connection-type"] == LabelStudioHook.conn_type
    assert manager.hooks["label_studio"].hook_name == "Label Studio"
    assert any("LabelStudioProjectLink" in link for link in manager.extra_links_class_names)


def test_example_dag__is_whole_and_uses_nothing_of_nightlens() -> None:
    folder = Path(__file__).parents[2] / "plugins" / "nightlens_airflow" / "label_studio" / "example_dags"
    bag = DagBag(folder)

    assert bag.import_errors == {}
    assert [task.task_id for task in bag.dags["label_studio_example"].topological_sort()] == [
        "configure", "push", "wait", "pull", "export",
    ]  # fmt: skip
    text = (folder / "label_studio_example.py").read_text()
    assert "pipeline_tasks" not in text
