"""Two nights ask in Airflow's page: one person approves the first, another rejects the second, and the history says both."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

import jwt
import pytest
from given import STARTED_AT, a_project
from given_candidates import GOOD, OF_FEW, RecordingRegistry, a_dataset, an_exported_model
from given_deploying import BETTER, compared
from given_stack import RunningStack
from integration.a_person import AirflowPage, a_browser
from nightlens_airflow.links import report_of_night
from playwright.sync_api import Page, expect

from demo.airflow import Airflow
from demo.inbox import EXAMPLE
from demo.nightly_run import why_failed
from local_stack.addresses import Addresses
from local_stack.folders import Folders
from local_stack.kept_json import read_json
from pipeline_tasks.records.cycle import CycleOpening
from pipeline_tasks.stages.deploy.promote_model import promote_model
from pipeline_tasks.stages.ingest.open_cycle import open_cycle
from pipeline_tasks.storage.history.cycles import read_cycle
from pipeline_tasks.storage.history.promotions import promotions
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.wiring.projects import read_project
from pipeline_tasks.wiring.roots import open_store

pytestmark = [pytest.mark.services, pytest.mark.browser]

PROJECT, DAG_ID, NIGHTS = "signed", "signed_nights", ("2026-11-21", "2026-11-22")
DAG_FILE = '''
"""The task of a night that asks a person, alone: what stands before it was done, and what comes after it is not about people."""

from airflow.sdk import DAG
from nightlens_airflow import tasks
from nightlens_airflow.defaults import DEFAULT_ARGS

with DAG("signed_nights", schedule=None, default_args=DEFAULT_ARGS):
    tasks.sign_off("signed", "{{ dag_run.conf['cycle_id'] }}")
'''
ANOTHER_PERSON = "bo"
WITHIN_S = 600


@dataclass(frozen=True)
class Nights:
    """The project's root, and the Airflow in which its nights ask."""

    store: Store
    airflow: Airflow
    addresses: Addresses
    secret: str
    """Key with which Airflow signs the sessions of its users."""

    def ask(self, cycle_id: str) -> str:
        """Let a night ask, and wait until it waits; returns its DAG run."""
        run_id = self.airflow.trigger(DAG_ID, {"cycle_id": cycle_id})
        self.wait(run_id, "awaiting_input")
        return run_id

    def wait(self, run_id: str, *states: str) -> str:
        """Wait until the task is in one of these states, and return it."""
        until = time.monotonic() + WITHIN_S
        while not (found := {task.state for task in self.airflow.tasks(DAG_ID, run_id)} & set(states)):
            assert "skipped" not in {task.state for task in self.airflow.tasks(DAG_ID, run_id)}, "the task was skipped"
            assert self.airflow.run(DAG_ID, run_id)["state"] != "failed", why_failed(self.airflow, DAG_ID, run_id)
            assert time.monotonic() < until, self.airflow.tasks(DAG_ID, run_id)
            time.sleep(0.5)
        return found.pop()


@pytest.fixture(scope="module")
def nights(running_stack: RunningStack) -> Iterator[Nights]:
    """A project that asks, and a DAG of the one task."""
    if shutil.which("chromium") is None:
        pytest.skip("there is no chromium, in which a person could sign")
    home, addresses = running_stack.home, running_stack.addresses
    text = EXAMPLE.read_text().replace("project: parts ", f"project: {PROJECT} ")
    (home / "projects" / f"{PROJECT}.yaml").write_text(text)
    (home / "dags" / "signed_nights.py").write_text(DAG_FILE)
    airflow = Airflow(addresses.airflow_url, addresses.airflow_user, addresses.airflow_password)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NIGHTLENS_HOME", str(home))
        store = open_store(read_project(PROJECT))
    for dag_id in (DAG_ID, f"nightly__{PROJECT}"):
        airflow.wait_for_dag(dag_id, WITHIN_S)
    yield Nights(store, airflow, addresses, read_json(Folders.of(home).secrets_file)["airflow_jwt_secret"])
    airflow.close()


def a_passed_candidate(store: Store, cycle_id: str, content: bytes) -> None:
    """A night that asks, up to the gate, which lets its candidate pass."""
    project = a_project(project=PROJECT, gates=OF_FEW, autonomy={"promote": "ask", "deadline_s": 86400})
    open_cycle(store, CycleOpening(project, cycle_id, cycle_id, STARTED_AT, "test"))
    cycle = read_cycle(store, cycle_id)
    a_dataset(store, cycle)
    an_exported_model(store, cycle, content)
    assert compared(store, cycle).decision == "promote"


def become(page: Page, person: str, secret: str) -> None:
    """Go on as another person than the stack's one user: the session of that user, under another name, signed as Airflow does."""
    (session,) = (one for one in page.context.cookies() if one["name"] == "_token")
    told = jwt.decode(session["value"], secret, algorithms=["HS512"], options={"verify_aud": False})
    signed = jwt.encode(told | {"sub": person}, secret, algorithm="HS512", headers=jwt.get_unverified_header(session["value"]))
    page.context.add_cookies([{"name": "_token", "value": signed, "url": page.url}])


def reply(page: Page, addresses: Addresses, run_id: str, option: str, reason: str) -> str:
    """Read the question in the task's tab, give the reason and press the button; returns the question."""
    page.goto(f"{addresses.airflow_url}/dags/{DAG_ID}/runs/{quote(run_id)}/tasks/sign_off/required_actions")
    page.locator("[name=element_reason]").fill(reason)
    question = page.locator("main, #root").first.inner_text()
    with page.expect_response(lambda one: "hitlDetails" in one.url and one.request.method == "PATCH") as sent:
        page.get_by_role("button", name=option, exact=True).click()
    assert sent.value.ok, sent.value.text()
    return question


def test_nights__are_approved_by_a_person_and_rejected_by_another_in_airflows_page(nights: Nights) -> None:
    people = (nights.addresses.airflow_user, ANOTHER_PERSON)
    replies = (("Approve", "better on line 3"), ("Reject", "blurry on line 4"))
    for cycle_id, content, person, said in zip(NIGHTS, (GOOD, BETTER), people, replies, strict=True):
        a_passed_candidate(nights.store, cycle_id, content)
        run_id = nights.ask(cycle_id)
        with a_browser() as page:
            airflow = AirflowPage(page, nights.addresses)
            if person == ANOTHER_PERSON:
                become(page, person, nights.secret)
            question = reply(page, nights.addresses, run_id, *said)
            # Airflow tries a task again that is woken before its scheduler has seen that it waits; then it asks again.
            while nights.wait(run_id, "success", "awaiting_input") == "awaiting_input":
                reply(page, nights.addresses, run_id, *said)
            report = airflow.report(f"{nights.addresses.airflow_url}{report_of_night(PROJECT, cycle_id)}")
        assert f"{PROJECT}, cycle {cycle_id}: promote model" in question
        assert "The gate lets the model pass." in question
        assert "Open the cycle's report" in question
        assert report.title == f"{PROJECT} · {cycle_id}"
        promote_model(nights.store, read_cycle(nights.store, cycle_id), RecordingRegistry())

    first, second = promotions(nights.store)
    assert (first.outcome, first.signed_by, first.reason) == ("promoted", people[0], "better on line 3")
    assert (second.outcome, second.signed_by, second.reason) == ("rejected", people[1], "blurry on line 4")
    champion = nights.store.state().champion
    assert champion is not None
    assert champion.cycle_id == NIGHTS[0]
    with a_browser() as page:
        AirflowPage(page, nights.addresses)
        page.goto(f"{nights.addresses.airflow_url}/nightlens/promotions")
        for words in ("better on line 3", "blurry on line 4", "rejected"):
            expect(page.get_by_text(words).first).to_be_visible()


def test_night__that_is_asked_again_returns_the_recorded_reply_at_once(nights: Nights) -> None:
    run_id = nights.airflow.trigger(DAG_ID, {"cycle_id": NIGHTS[1]})

    nights.wait(run_id, "success")
