"""The pages inside Airflow: for people who are logged in and may read the DAG; nothing in a report may run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import HTTPException
from fastapi.testclient import TestClient
from given import STARTED_AT, a_project
from nightlens_airflow.web.app import make_app, readable_dags

from pipeline_tasks.records.cycle import CycleOpening
from pipeline_tasks.stages.ingest.open_cycle import open_cycle
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.wiring.projects import read_project
from pipeline_tasks.wiring.roots import open_store

pytestmark = pytest.mark.airflow

REPORT = b"<!doctype html><p>balanced accuracy</p>"


@pytest.fixture
def visitor(projects: Path) -> Iterator[TestClient]:
    """Somebody who may read the DAGs of `belt`, and nothing else."""
    from airflow.api_fastapi.core_api.security import get_user

    app = make_app()
    # The rights themselves are Airflow's; the tests with a real login are those of the whole stack.
    app.dependency_overrides[get_user] = lambda: object()
    app.dependency_overrides[readable_dags] = lambda: {"nightly__belt"}
    for route in app.routes:
        for needed in getattr(route, "dependencies", []):
            app.dependency_overrides[needed.dependency] = lambda dag_id: _only_belt(dag_id)
    with TestClient(app) as client:
        yield client


def _only_belt(dag_id: str) -> None:
    if dag_id == "nightly__tiles":
        raise HTTPException(403)


def a_cycle(project: str, cycle_id: str, run_id: str, report: bytes | None) -> None:
    store = open_store(read_project(project))
    open_cycle(store, CycleOpening(a_project(project=project), cycle_id, run_id, STARTED_AT, "test"))
    if report is not None:
        store.objects.write_new(layout.report(cycle_id, "index.html"), report)


@pytest.mark.parametrize("address", ["/reports", "/report?dag_id=nightly__belt&run_id=first"])
def test_pages__want_a_login(projects: Path, address: str) -> None:
    a_cycle("belt", "2026-11-20", "first", REPORT)

    assert TestClient(make_app()).get(address).status_code == 401


def test_report__is_found_by_the_dag_run_that_opened_the_cycle(visitor: TestClient) -> None:
    a_cycle("belt", "2026-11-20", "first", REPORT)
    a_cycle("belt", "2026-11-21", "second", b"another")

    response = visitor.get("/report", params={"dag_id": "nightly__belt", "run_id": "first"})

    assert (response.status_code, response.content) == (200, REPORT)


def test_report__is_found_by_its_cycle(visitor: TestClient) -> None:
    a_cycle("belt", "2026-11-20", "first", REPORT)

    assert visitor.get("/report", params={"dag_id": "nightly__belt", "cycle_id": "2026-11-20"}).content == REPORT


def test_report__may_not_run_load_or_send_anything(visitor: TestClient) -> None:
    a_cycle("belt", "2026-11-20", "first", REPORT)
    policy = visitor.get("/report", params={"dag_id": "nightly__belt", "run_id": "first"}).headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "form-action 'none'" in policy
    assert "frame-ancestors 'self'" in policy


@pytest.mark.parametrize(
    ("run_id", "said"), [("first", "Cycle 2026-11-20 has no report yet"), ("unknown", "This run has not opened a cycle yet")]
)
def test_report__that_is_not_there_yet_is_a_friendly_page(visitor: TestClient, run_id: str, said: str) -> None:
    a_cycle("belt", "2026-11-20", "first", None)

    response = visitor.get("/report", params={"dag_id": "nightly__belt", "run_id": run_id})

    assert response.status_code == 200
    assert said in response.text


def test_report__of_a_dag_that_the_person_may_not_read_is_refused(visitor: TestClient) -> None:
    assert visitor.get("/report", params={"dag_id": "nightly__tiles", "run_id": "first"}).status_code == 403


@pytest.mark.parametrize("cycle_id", ["../../../etc/passwd", "2026-11-20/../2026-11-21", "<script>"])
def test_report__takes_nothing_but_a_cycle_id(visitor: TestClient, cycle_id: str) -> None:
    response = visitor.get("/report", params={"dag_id": "nightly__belt", "cycle_id": cycle_id})

    assert response.status_code == 404
    assert "<script>" not in response.text


def test_report__of_a_dag_that_is_not_ours_is_not_found(visitor: TestClient) -> None:
    assert visitor.get("/report", params={"dag_id": "somebody_elses", "run_id": "first"}).status_code == 404


def test_list__shows_the_cycles_of_readable_projects_the_newest_first(visitor: TestClient) -> None:
    a_cycle("belt", "2026-11-20", "first", REPORT)
    a_cycle("belt", "2026-11-21", "second", None)
    a_cycle("tiles", "2026-11-19", "third", REPORT)

    text = visitor.get("/reports").text

    assert text.index("2026-11-21") < text.index("2026-11-20")
    assert "dag_id=nightly__belt&amp;cycle_id=2026-11-20" in text
    assert "2026-11-19" not in text


def test_list__says_so_when_nothing_has_run(visitor: TestClient) -> None:
    assert "No cycle yet" in visitor.get("/reports").text


def test_list__says_what_is_wrong_with_a_project_that_cannot_be_read(visitor: TestClient, projects: Path) -> None:
    (projects / "shipped" / "belt.yaml").write_text("project: belt")

    response = visitor.get("/reports")

    assert response.status_code == 200
    assert "gates: a value is missing" in response.text
