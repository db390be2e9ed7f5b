"""Tests of two projects on one stack of real services: one labelled by simulated annotators, one by a person in a browser.

Airflow's scheduler, Label Studio, MLflow, PostgreSQL and the prediction servers are the real ones; only the images are few.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from given_stack import RunningStack
from integration.a_person import AirflowPage, a_browser, annotate_round

from demo.airflow import Airflow
from demo.figures import ask_server, check_champion, read_night
from demo.night import draw_night
from demo.nightly_run import EndedRun, why_failed
from demo.preparing import call_team, wait_for_prediction_server
from demo.services import Services
from demo.team import Team
from demo.truth import read_truth, truth_path
from local_stack import stack
from local_stack.addresses import Addresses
from local_stack.folders import Folders
from local_stack.kept_json import read_json
from local_stack.postgres_service import data_folder
from local_stack.processes import stack_processes
from local_stack.status import status
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.wiring.projects import read_project
from pipeline_tasks.wiring.roots import open_store

pytestmark = [pytest.mark.services, pytest.mark.browser]

IMAGES, BUDGET, BY_HAND = 130, 100, 3
WITHIN_S = 600


@dataclass
class Stack:
    """A running stack with two projects and their inboxes filled."""

    home: Path
    addresses: Addresses
    airflow: Airflow

    def store(self, project: str) -> Store:
        """A project's root."""
        return open_store(read_project(project))

    def tasks(self, project: str, run_id: str) -> dict[str, str]:
        """Task → state of one run."""
        return {task.task_id: task.state for task in self.airflow.tasks(f"nightly__{project}", run_id)}

    def wait(self, project: str, run_id: str, wanted: set[str]) -> str:
        """Wait for the run's end."""
        until = time.monotonic() + WITHIN_S
        while (state := str(self.airflow.run(f"nightly__{project}", run_id)["state"])) not in {"success", "failed"}:
            assert time.monotonic() < until, f"{project} is still {state}: {self.tasks(project, run_id)}"
            time.sleep(1)
        assert state in wanted, why_failed(self.airflow, f"nightly__{project}", run_id)
        return state


@pytest.fixture(scope="module")
def chromium() -> None:
    """Data that a person needs to annotate."""
    if shutil.which("chromium") is None:
        pytest.skip("there is no chromium, in which a person could answer")


@pytest.fixture(scope="module")
def running(chromium: None, running_stack: RunningStack) -> Iterator[Stack]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NIGHTLENS_HOME", str(running_stack.home))
        home, addresses = running_stack.home, running_stack.addresses
        airflow = Airflow(addresses.airflow_url, addresses.airflow_user, addresses.airflow_password)
        for project, night in (("parts", 2), ("more_parts", 1)):
            draw_night(night, IMAGES, 7, home / "inbox" / project, truth_path(home, project), project)
            airflow.wait_for_dag(f"nightly__{project}")
        yield Stack(home, wait_for_prediction_server(home, "more_parts"), airflow)


@pytest.fixture(scope="module")
def other_night(running: Stack) -> Iterator[tuple[str, Team]]:
    """The DAG run of the second project and those who answer it, at work while a person answers the first one's."""
    run_id = running.airflow.trigger("nightly__more_parts", {"budget": BUDGET})
    team = call_team(running.addresses, running.home, "more_parts")
    team.learn(read_truth(truth_path(running.home, "more_parts")))
    yield run_id, team
    team.go_home()


@pytest.fixture(scope="module")
def by_hand(running: Stack, other_night: tuple[str, Team]) -> str:
    """The DAG run whose round a person answers, once it waits. The other project's night runs beside it."""
    run_id = running.airflow.trigger("nightly__parts", {"budget": BY_HAND})
    until = time.monotonic() + WITHIN_S
    while running.tasks("parts", run_id).get("wait_for_annotators") != "deferred":
        state = running.airflow.run("nightly__parts", run_id)["state"]
        assert state in {"queued", "running"}, why_failed(running.airflow, "nightly__parts", run_id)
        assert time.monotonic() < until, running.tasks("parts", run_id)
        time.sleep(0.5)
    return run_id


def test_cycle__waits_deferred_until_a_person_has_answered_in_the_browser(running: Stack, by_hand: str) -> None:
    time.sleep(5)
    waiting = running.tasks("parts", by_hand)
    assert waiting["wait_for_annotators"] == "deferred"
    assert not {"running", "queued", "scheduled"} & set(waiting.values()), "a worker slot is held while people are awaited"
    sent = _event(running, "parts", by_hand, "send_to_labeling")

    with a_browser() as page:
        annotated = annotate_round(page, running.addresses, sent["url"], sent["tasks"])

    assert annotated == sent["tasks"]
    running.wait("parts", by_hand, {"success"})
    collected = _event(running, "parts", by_hand, "collect_annotations")
    assert (collected["annotations_new"], collected["tasks_unanswered"]) == (sent["tasks"], 0)


def test_cycle__of_another_project_makes_a_champion_that_answers(running: Stack, other_night: tuple[str, Team]) -> None:
    run_id, team = other_night
    services = _services(running, "more_parts")
    try:
        running.wait("more_parts", run_id, {"success"})
        team.check()
        night = read_night(1, EndedRun(run_id, "success", 0.0, {}), running.store("more_parts"), services, "more_parts")
        assert night.is_promoted, night.why
        champion = check_champion(running.store("more_parts"), services, "more_parts")
        image = next(path for path in sorted((running.home / "inbox/more_parts").rglob("*.jpg")) if path.stat().st_size > 1000)
        assert ask_server(services, image.read_bytes(), champion.model_digest)["model_digest"] == champion.model_digest
    finally:
        team.go_home()
        services.close()


def test_night_without_labels__succeeds_and_trains_nothing(running: Stack) -> None:
    run_id = running.airflow.trigger("nightly__more_parts", {"budget": 0})

    running.wait("more_parts", run_id, {"success"})

    states = running.tasks("more_parts", run_id)
    assert states["train_model"] == "skipped"
    assert states["write_cycle_report"] == "success"
    assert _event(running, "more_parts", run_id, "train_model")["skipped"]


def test_night__that_a_person_marks_failed_stays_red_and_has_its_report(running: Stack) -> None:
    run_id = running.airflow.trigger("nightly__more_parts", {"budget": 1})
    until = time.monotonic() + WITHIN_S
    while running.tasks("more_parts", run_id).get("wait_for_annotators") != "deferred":
        assert time.monotonic() < until, running.tasks("more_parts", run_id)
        time.sleep(0.5)

    running.airflow.fail("nightly__more_parts", run_id)

    while running.tasks("more_parts", run_id)["cycle_succeeded"] not in {"success", "failed"}:
        assert time.monotonic() < until, running.tasks("more_parts", run_id)
        time.sleep(0.5)
    time.sleep(3)
    assert running.airflow.run("nightly__more_parts", run_id)["state"] == "failed"
    assert running.tasks("more_parts", run_id)["write_cycle_report"] == "success"


def test_report__opens_in_airflow_for_logged_in_users(running: Stack, by_hand: str) -> None:
    url = f"{running.addresses.airflow_url}/nightlens/report?dag_id=nightly__parts&run_id={quote(by_hand)}"

    assert httpx.get(url, follow_redirects=False).status_code == 401
    with a_browser() as page:
        shown = AirflowPage(page, running.addresses).report(url)

    assert shown.title
    assert shown.images > 0
    assert shown.broken_images == 0


def test_broken_project__becomes_a_dag_that_names_the_mistake_and_affects_no_other_project(running: Stack) -> None:
    running.airflow.wait_for_dag("nightly__broken")
    run_id = running.airflow.trigger("nightly__broken")

    running.wait("broken", run_id, {"failed"})

    assert "bugdet: unknown key 'bugdet'" in why_failed(running.airflow, "nightly__broken", run_id)


def test_stack__shows_no_secret_in_processes_logs_or_reports(running: Stack) -> None:
    folders = Folders.of(running.home)
    processes = [Path(f"/proc/{one.pid}/cmdline") for one in stack_processes(folders.digest, data_folder(folders))]
    places = [folders.logs, running.home / "airflow" / "logs", running.home / "roots"]
    files = [file for place in places for file in place.rglob("*") if file.is_file() and file.suffix != ".jpg"]
    shown = b"".join(file.read_bytes() for file in [*processes, *files] if file.exists())

    assert [name for name, secret in read_json(folders.secrets_file).items() if secret.encode() in shown] == []


def test_stack__goes_down_and_leaves_no_process(running: Stack) -> None:
    folders = Folders.of(running.home)
    text, is_ready = status(folders)
    assert is_ready, text
    assert stack.up(running.home) == stack.up(running.home), "what is up is left as it is"

    stack.down(running.home)

    assert stack_processes(folders.digest, data_folder(folders)) == []
    assert status(folders) == ("nothing is running", False)


def _services(running: Stack, project: str) -> Services:
    one = running.addresses
    return Services(one.label_studio_url, one.label_studio_token, one.mlflow_url, one.prediction_servers[project])


def _event(running: Stack, project: str, run_id: str, stage: str) -> dict[str, Any]:
    """The summary of a stage of the cycle that a DAG run opened."""
    store = running.store(project)
    for cycle_id in store.state().stages:
        opened = store.event(cycle_id, "open_cycle")
        if opened is not None and opened.summary["run_key"] == run_id:
            event = store.event(cycle_id, stage)
            assert event is not None, f"{stage} has no event in {cycle_id}"
            return event.summary
    raise AssertionError(f"no cycle of {run_id}")
