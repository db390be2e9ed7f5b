"""The example DAG of the provider and a reminder, in the real Airflow with its triggerer, and the real Label Studio."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import numpy as np
import pytest
from given_stack import RunningStack
from PIL import Image
from small_ingest import put_files

from demo.airflow import Airflow
from demo.inbox import EXAMPLE
from demo.nightly_run import why_failed
from local_stack.addresses import Addresses

pytestmark = pytest.mark.services

WITHIN_S = 600


@dataclass
class Services:
    """Clients of the stack's Airflow and Label Studio."""

    home: Path
    airflow: Airflow
    api: httpx.Client
    people: httpx.Client

    def connect(self, connection_id: str, conn_type: str, url: str, password: str | None = None) -> None:
        """A connection, as the form of Airflow makes it."""
        parts = httpx.URL(url)
        body = {"connection_id": connection_id, "conn_type": conn_type, "schema": parts.scheme, "host": parts.host}
        self.api.post("/api/v2/connections", json=body | {"port": parts.port, "password": password}).raise_for_status()

    def wait(self, dag_id: str, run_id: str, what: str, is_so: Callable[[], bool]) -> None:
        """Wait for a state of a run."""
        until = time.monotonic() + WITHIN_S
        while not is_so():
            assert self.airflow.run(dag_id, run_id)["state"] != "failed", why_failed(self.airflow, dag_id, run_id)
            assert time.monotonic() < until, f"not {what}: {self.states(dag_id, run_id)}"
            time.sleep(0.5)

    def states(self, dag_id: str, run_id: str) -> dict[str, str]:
        return {task.task_id: task.state for task in self.airflow.tasks(dag_id, run_id)}

    def returned(self, dag_id: str, run_id: str, task_id: str) -> Any:
        """The XCom that a task returned."""
        where = f"/api/v2/dags/{dag_id}/dagRuns/{quote(run_id)}/taskInstances/{task_id}/xcomEntries/return_value"
        value = self.api.get(where).raise_for_status().json()["value"]
        return json.loads(value) if isinstance(value, str) else value

    def annotate(self, task_id: int, control: str, name: str) -> None:
        choice = {"from_name": control, "to_name": "picture", "type": "choices", "value": {"choices": [name]}}
        self.people.post(f"/api/tasks/{task_id}/annotations", json={"result": [choice]}).raise_for_status()

    def task_ids(self, project_id: int) -> list[int]:
        listed = self.people.get("/api/tasks", params={"project": project_id, "page_size": 100}).raise_for_status()
        return sorted(task["id"] for task in listed.json()["tasks"])


@pytest.fixture(scope="module")
def services(running_stack: RunningStack) -> Iterator[Services]:
    found: Addresses = running_stack.addresses
    airflow = Airflow(found.airflow_url, found.airflow_user, found.airflow_password)
    login = {"username": found.airflow_user, "password": found.airflow_password}
    with (
        httpx.Client(base_url=found.airflow_url, timeout=90) as api,
        httpx.Client(base_url=found.label_studio_url, timeout=60) as people,
    ):
        api.headers["Authorization"] = f"Bearer {api.post('/auth/token', json=login).json()['access_token']}"
        people.headers["Authorization"] = f"Token {found.label_studio_token}"
        yield Services(running_stack.home, airflow, api, people)
    airflow.close()


def test_example_dag__pushes_waits_in_the_triggerer_and_pulls_without_any_project_of_nightlens(
    services: Services, running_stack: RunningStack
) -> None:
    dag_id, folder = "label_studio_example", running_stack.home / "example"
    addresses = running_stack.addresses
    services.connect("label_studio_default", "label_studio", addresses.label_studio_url, addresses.label_studio_token)
    services.airflow.wait_for_dag(dag_id, WITHIN_S)
    roots = sorted((running_stack.home / "roots").glob("*"))

    run_id = services.airflow.trigger(dag_id, {"folder": str(folder)})
    services.wait(dag_id, run_id, "deferred", lambda: services.states(dag_id, run_id).get("wait") == "deferred")
    project_id = services.returned(dag_id, run_id, "configure")
    task_ids = services.task_ids(project_id)
    assert len(task_ids) == 10
    for number in task_ids[:9]:
        services.annotate(number, "class", "bolt")
    services.wait(dag_id, run_id, "over", lambda: services.airflow.run(dag_id, run_id)["state"] == "success")

    assert services.returned(dag_id, run_id, "wait") == (
        {"tasks": 10, "annotated": 9, "wanted": 9, "is_late": False, "is_over": True}
    )
    pulled = services.returned(dag_id, run_id, "pull")
    assert (pulled["new"], pulled["standing"]) == (9, 9)
    assert len(list((folder / "annotations").rglob("annotations/*/*.json"))) == 9
    assert len(json.loads((folder / "export.json").read_text())) == 9
    link = services.api.get(f"/api/v2/dags/{dag_id}/dagRuns/{quote(run_id)}/taskInstances/wait/links").raise_for_status().json()
    assert link["extra_links"] == {"Label Studio": f"{addresses.label_studio_url}/projects/{project_id}"}
    assert sorted((running_stack.home / "roots").glob("*")) == roots


@contextmanager
def a_webhook() -> Iterator[tuple[str, list[str]]]:
    """An incoming webhook like Slack's: its address, and the texts that came."""
    came: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", came
    finally:
        server.shutdown()
        server.server_close()


def a_large_image(number: int) -> bytes:
    """A PNG that no quality rule of the example project refuses."""
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(number).integers(0, 256, (96, 128, 3), np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def write_reminded_project(home: Path) -> None:
    """A copy of the project file with one image a night, whose people are reminded at once."""
    text = EXAMPLE.read_text().replace("project: parts ", "project: reminded ").replace("path: inbox/parts", "path: inbox/reminded")
    text = text.replace("budget: 240 ", "budget: 1 ").replace(
        "\nlabeling: ", "\nlabeling:\n  reminders: {remind_after_hours: 0.0001, remind: {slack: reminders}}\n#", 1
    )
    assert "remind_after_hours" in text
    (home / "projects" / "reminded.yaml").write_text(text)


def test_reminder__is_told_once_while_the_round_waits_in_the_triggerer(services: Services) -> None:
    dag_id = "nightly__reminded"
    put_files(services.home, {f"reminded/{number}.png": a_large_image(number) for number in range(3)})
    write_reminded_project(services.home)
    services.airflow.wait_for_dag(dag_id, WITHIN_S)
    noted = services.home / "roots" / "reminded"
    with a_webhook() as (url, came):
        services.connect("reminders", "http", url)
        run_id = services.airflow.trigger(dag_id)
        services.wait(dag_id, run_id, "reminded", lambda: bool(came) and bool(list(noted.rglob("reminders.json"))))
        services.wait(dag_id, run_id, "deferred", lambda: services.states(dag_id, run_id)["wait_for_annotators"] == "deferred")

        sent = services.returned(dag_id, run_id, "send_to_labeling")
        for number in services.task_ids(sent["label_studio_project_id"]):
            services.annotate(number, "class", "bolt")
        services.wait(dag_id, run_id, "released", lambda: services.states(dag_id, run_id)["wait_for_annotators"] == "success")
        # Nothing after it is about reminders, and would take minutes.
        services.airflow.fail(dag_id, run_id)

    (text,) = came
    assert "reminded: annotations are wanted: 0 of 1 labeling tasks are annotated" in text
    assert sent["url"] in text
