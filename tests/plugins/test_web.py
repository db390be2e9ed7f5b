"""Tests of the pages inside Airflow: they need a login and permission to read the DAG, and a report cannot run code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from fastapi import HTTPException
from fastapi.testclient import TestClient
from given import STARTED_AT, a_project
from given_candidates import GOOD, RecordingRegistry, a_cycle_with_model
from given_deploying import BETTER, compared
from nightlens_airflow.web.app import make_app, readable_dags

from pipeline_tasks.records.collect_annotations import CollectAnnotationsSummary
from pipeline_tasks.records.cycle import CycleOpening
from pipeline_tasks.records.list_new_images import ListNewImagesSummary
from pipeline_tasks.records.project_state import MovedRounds
from pipeline_tasks.records.record_images import RecordImagesSummary
from pipeline_tasks.records.roll_back import RollBackSummary
from pipeline_tasks.records.send_to_labeling import SendToLabelingSummary
from pipeline_tasks.records.sign_off import SignOffReply
from pipeline_tasks.records.stage_failure import StageFailure
from pipeline_tasks.stages.deploy.promote_model import promote_model
from pipeline_tasks.stages.deploy.sign_off import sign_off
from pipeline_tasks.stages.ingest.open_cycle import open_cycle
from pipeline_tasks.storage.blobs.originals import put_original
from pipeline_tasks.storage.history.cycles import open_manual_cycle
from pipeline_tasks.storage.history.stage_failures import note_failure
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.tables.image import Image
from pipeline_tasks.wiring.projects import read_project
from pipeline_tasks.wiring.roots import open_store

pytestmark = pytest.mark.airflow

ASK = {"promote": "ask", "deadline_s": 3600}
APPROVED = SignOffReply(True, "ada", "2026-11-21T22:10:00+00:00")
REJECTED = SignOffReply(False, "bo", "2026-11-22T22:20:00+00:00", "<b>blurry</b>")
SAVED = "application/octet-stream"
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


def an_original(project: str, content: bytes, file_format: str) -> str:
    """An image of the project with these bytes; its id."""
    store = open_store(read_project(project))
    image_id, md5 = put_original(store.objects, content)
    open_cycle(store, CycleOpening(a_project(project=project), "2026-11-20", "first", STARTED_AT, "test"))
    row = {"image_id": image_id, "md5": md5, "size_bytes": len(content), "file_format": file_format}
    sizes = {"width_px": 1, "height_px": 1, "orientation": 1, "frames": 1, "canonical_form": 2, "bit_depth": None}
    rows = pl.DataFrame([row | sizes], schema=Image.create_empty().schema)
    store.finish("2026-11-20", "record_images", RecordImagesSummary(1, 1, 1, 0, 0, 0), [(Image, rows)])
    return image_id


PAGES = [
    "/reports",
    "/promotions",
    "/labeling_round?dag_id=nightly__belt&run_id=first",
    "/report?dag_id=nightly__belt&run_id=first",
    f"/image?dag_id=nightly__belt&image_id={'0' * 64}",
]


@pytest.mark.parametrize("address", PAGES)
def test_pages__require_a_login(projects: Path, address: str) -> None:
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
    ("run_id", "said"),
    [
        ("first", "Cycle 2026-11-20: Its report is written when its last stage has ended"),
        ("first", "Stages that have ended: open_cycle."),
        ("unknown", "This run has not opened a cycle yet"),
    ],
)
def test_report__that_is_not_written_yet_is_a_page_that_says_so(visitor: TestClient, run_id: str, said: str) -> None:
    a_cycle("belt", "2026-11-20", "first", None)

    response = visitor.get("/report", params={"dag_id": "nightly__belt", "run_id": run_id})

    assert response.status_code == 200
    assert said in response.text


@pytest.mark.parametrize(
    ("cycle_kind", "said"),
    [
        ("roll_back", "A roll-back has no report."),
        ("erasure", "An erasure has no report."),
        ("restore", "A restore has no report."),
        ("backfill", "A backfill has no report."),
        ("tending", "Its report is written when its last stage has ended."),
    ],
)
def test_report__of_a_kind_that_writes_none_says_so(visitor: TestClient, cycle_kind: str, said: str) -> None:
    store = open_store(read_project("belt"))
    open_manual_cycle(store, CycleOpening(a_project(project="belt"), "2026-11-20T100000", "r", STARTED_AT, "test"), cycle_kind)

    assert said in visitor.get("/report", params={"dag_id": "roll_back__belt", "run_id": "r"}).text
    listed = visitor.get("/reports").text
    assert said in listed
    assert "not yet" not in listed


def test_report__of_a_roll_back_says_which_model_serves_instead_of_which(visitor: TestClient) -> None:
    store = open_store(read_project("belt"))
    opening = CycleOpening(a_project(project="belt"), "2026-11-20T100000", "r", STARTED_AT, "test")
    cycle = open_manual_cycle(store, opening, "roll_back")
    why = "A person put the champion of cycle 2026-11-19 back in cycle 2026-11-20T100000."
    store.finish(
        cycle.cycle_id, "roll_back", RollBackSummary(None, "a" * 64, "b" * 64, "d", "1", why, ["MLflow: its alias moved."])
    )

    for page in (visitor.get("/report", params={"dag_id": "roll_back__belt", "run_id": "r"}), visitor.get("/reports")):
        assert f"{why} Model aaaaaaaaaaaa serves instead of bbbbbbbbbbbb. MLflow: its alias moved." in page.text


def test_list__names_the_stage_at_which_a_night_failed(visitor: TestClient) -> None:
    a_cycle("belt", "2026-11-20", "first", REPORT)
    store = open_store(read_project("belt"))
    note_failure(store.objects, "2026-11-20", StageFailure("list_new_images", "SettingsError", "no folder", "mend it"))
    assert "failed in list_new_images" in visitor.get("/reports").text

    store.finish("2026-11-20", "list_new_images", ListNewImagesSummary(0, 0, 0, 0))
    assert "failed in" not in visitor.get("/reports").text


def test_list__states_times_in_the_zone_of_the_project(visitor: TestClient, projects: Path) -> None:
    file = projects / "shipped" / "belt.yaml"
    file.write_text(file.read_text().replace("Europe/Berlin", "Asia/Tokyo"))
    a_cycle("belt", "2026-11-20", "first", REPORT)

    text = visitor.get("/reports").text

    assert f"{STARTED_AT.astimezone(ZoneInfo('Asia/Tokyo')):%Y-%m-%d %H:%M} Asia/Tokyo" in text
    assert "UTC" not in text


@pytest.mark.parametrize(
    ("file_format", "media_type", "place"),
    [
        ("PNG", "image/png", "inline"),
        ("TIFF", "application/octet-stream", "attachment"),
        ("SVG", "application/octet-stream", "attachment"),
    ],
)
def test_image__is_the_original_and_may_not_run(visitor: TestClient, file_format: str, media_type: str, place: str) -> None:
    image_id = an_original("belt", b"<script>alert(1)</script>", file_format)

    response = visitor.get("/image", params={"dag_id": "nightly__belt", "image_id": image_id})

    assert (response.status_code, response.content) == (200, b"<script>alert(1)</script>")
    assert response.headers["content-type"] == media_type
    assert response.headers["content-disposition"].startswith(place)
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in response.headers["content-security-policy"]


def test_image__that_the_project_does_not_have_is_not_found(visitor: TestClient) -> None:
    response = visitor.get("/image", params={"dag_id": "nightly__belt", "image_id": "0" * 64})

    assert response.status_code == 404
    assert "it may have been erased" in response.text


@pytest.mark.parametrize("image_id", ["", "../../etc/passwd", "0" * 63, "<script>"])
def test_image__takes_nothing_but_an_image_id(visitor: TestClient, image_id: str) -> None:
    assert visitor.get("/image", params={"dag_id": "nightly__belt", "image_id": image_id}).status_code == 422


def test_image__of_a_dag_that_the_person_may_not_read_is_refused(visitor: TestClient) -> None:
    assert visitor.get("/image", params={"dag_id": "nightly__tiles", "image_id": "0" * 64}).status_code == 403


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
    assert "gates.margin: a value is missing" in response.text


def test_report__of_two_runs_of_one_name_is_that_of_the_dag(visitor: TestClient) -> None:
    """Airflow calls the scheduled runs of two DAGs at one moment by the same name."""
    store = open_store(read_project("belt"))
    open_manual_cycle(store, CycleOpening(a_project(project="belt"), "2026-11-20T220000", "first", STARTED_AT, "test"), "tending")
    a_cycle("belt", "2026-11-20", "first", REPORT)
    store.objects.write_new(layout.report("2026-11-20T220000", "index.html"), b"tending")

    shown = [visitor.get("/report", params={"dag_id": f"{dag}__belt", "run_id": "first"}) for dag in ("tend_storage", "nightly")]

    assert [response.content for response in shown] == [b"tending", REPORT]


def test_labeling_round__is_where_the_round_stands_now(visitor: TestClient) -> None:
    a_cycle("belt", "2026-11-20", "first", None)
    store = open_store(read_project("belt"))

    def goes_to() -> tuple[int, str | None]:
        response = visitor.get("/labeling_round?dag_id=nightly__belt&run_id=first", follow_redirects=False)
        return response.status_code, response.headers.get("location")

    assert goes_to() == (404, None), "nothing was sent yet"
    sent = SendToLabelingSummary("belt-2026-11-20", "d" * 64, 1, 1, "2026-11-21", 3, 4, "http://ls/projects/3/data?tab=4")
    store.finish("2026-11-20", "send_to_labeling", sent, [])
    assert goes_to() == (303, sent.url)
    moved = MovedRounds({sent.round_id: "http://ls/projects/9/data?tab=8"})
    store.finish("2026-11-20", "collect_annotations", CollectAnnotationsSummary(0, 0, 0, 0, 0, 0, 0), [], sets=[moved])
    assert goes_to() == (303, "http://ls/projects/9/data?tab=8")
    assert visitor.get("/labeling_round?dag_id=nightly__tiles&run_id=first").status_code == 403


def test_promotions__show_who_signed_and_why_of_readable_projects_only(visitor: TestClient, projects: Path) -> None:
    for project in ("belt", "tiles"):
        store = open_store(read_project(project))
        for cycle_id, reply in (("2026-11-21", APPROVED), ("2026-11-22", REJECTED)):
            cycle = a_cycle_with_model(store, GOOD if reply is APPROVED else BETTER, cycle_id, project=project, autonomy=ASK)
            compared(store, cycle)
            sign_off(store, cycle, STARTED_AT, reply)
            promote_model(store, cycle, RecordingRegistry())

    page = unescape(visitor.get("/promotions").text)

    rejected, why_rejected, promoted, _ = (re.findall(r"<td.*?>(.*?)</td>", row) for row in page.split("<tr>")[2:])
    assert [(row[0], row[2], row[7]) for row in (rejected, promoted)] == [
        ("2026-11-22", "rejected", "bo"),
        ("2026-11-21", "promoted", "ada"),
    ]
    assert "“<b>blurry</b>”" in why_rejected[0]
    assert "<b>" not in visitor.get("/promotions").text
    assert "tiles" not in page


def test_promotions__say_so_when_no_candidate_was_judged(visitor: TestClient) -> None:
    assert "No candidate was judged yet." in visitor.get("/promotions").text
