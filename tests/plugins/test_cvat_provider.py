"""Tests of the CVAT provider, as a DAG without Nightlens uses it: connection, operators, sensor and trigger over CVAT's own SDK."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from plugins.stand_in_cvat import StandInCvat, served

pytest.importorskip("cvat_sdk", reason="no cvat-sdk: pip install -r requirements-cvat.txt")
pytest.importorskip("airflow")

from airflow.dag_processing.dagbag import DagBag
from airflow.providers_manager import ProvidersManager
from airflow.sdk.exceptions import AirflowException, AirflowFailException, TaskDeferred
from nightlens_airflow.cvat.hook import CvatHook
from nightlens_airflow.cvat.operators import CvatPullAnnotationsOperator, CvatPushImagesOperator
from nightlens_airflow.cvat.sensor import CvatCompletedSensor
from nightlens_airflow.cvat.trigger import CvatCompletedTrigger

pytestmark = [pytest.mark.airflow, pytest.mark.slow]

LABELS = [{"name": "bolt", "type": "any"}, {"name": "hand", "type": "skeleton", "sublabels": [{"name": "thumb", "type": "points"}]}]
IMAGES = [f"https://images.example/{number}.jpg" for number in range(3)]
JOBS, WAITED_S = "GET /api/jobs", 60.0


@pytest.fixture
def cvat(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandInCvat]:
    """A stand-in for CVAT that the default connection leads to."""
    stand_in = StandInCvat()
    with served(stand_in) as url:
        connection = {"conn_type": "cvat", "host": url, "password": stand_in.token}
        monkeypatch.setenv("AIRFLOW_CONN_CVAT_DEFAULT", json.dumps(connection))
        yield stand_in


def push(**more: Any) -> int:
    operator = CvatPushImagesOperator(
        task_id="push", **({"images": IMAGES, "labels": LABELS, "batch": "monday", "images_a_job": 1} | more)
    )
    number: int = operator.execute({})
    return number


def pull(task_id: int, folder: Path) -> dict[str, Any]:
    operator = CvatPullAnnotationsOperator(task_id="pull", task_id_in_cvat=task_id, folder=str(folder))
    counts: dict[str, Any] = operator.execute({})
    return counts


def sensor(task_id: int, **more: Any) -> CvatCompletedSensor:
    return CvatCompletedSensor(task_id="wait", task_id_in_cvat=task_id, **({"poke_interval": 0.01} | more))


def deferred(waiting: CvatCompletedSensor) -> CvatCompletedTrigger:
    """The trigger that a sensor defers to, made again from what Airflow keeps of it."""
    with pytest.raises(TaskDeferred) as raised:
        waiting.execute({})
    assert raised.value.method_name == "resume"
    path, arguments = raised.value.trigger.serialize()
    assert path == "nightlens_airflow.cvat.trigger.CvatCompletedTrigger"
    assert "token" not in str(arguments)
    return CvatCompletedTrigger(**arguments)


def fired(trigger: CvatCompletedTrigger) -> list[Any]:
    async def events() -> list[Any]:
        return [event.payload async for event in trigger.run()]

    return asyncio.run(asyncio.wait_for(events(), WAITED_S))


def test_push__makes_the_task_of_a_batch_once(cvat: StandInCvat) -> None:
    first = push()

    assert push() == first
    assert push(batch="tuesday") != first
    assert [(one["name"], one["size"]) for one in cvat.tasks.values()] == [("monday", 3), ("tuesday", 3)]


@pytest.mark.parametrize("images", ["[]", [], "https://images.example/1.jpg"])
def test_push__of_no_list_of_images_is_refused(cvat: StandInCvat, images: object) -> None:
    with pytest.raises(ValueError, match="wanted a list of addresses"):
        push(images=images)
    assert cvat.requests == []


def test_operators__fail_at_once_where_a_retry_cannot_help_and_are_retried_where_it_can(cvat: StandInCvat) -> None:
    push()
    with pytest.raises(AirflowFailException, match="wanted 2 images, found 3"):
        push(images=IMAGES[:2])
    cvat.fails["GET /api/tasks"] = 500
    with pytest.raises(AirflowException, match="CVAT responds with 500") as raised:
        push()
    assert not isinstance(raised.value, AirflowFailException)
    cvat.token = "another token"
    with pytest.raises(AirflowFailException, match="CVAT responds with 401"):
        push()
    assert CvatPushImagesOperator(task_id="push", images=IMAGES, labels=LABELS).retries == 3


def test_pull__reads_what_people_drew_in_all_jobs_page_by_page(cvat: StandInCvat, tmp_path: Path) -> None:
    task_id = push(images=[f"https://images.example/{number}.jpg" for number in range(25)])
    for job_id in list(cvat.jobs):
        cvat.complete(job_id, "2026-11-21T23:00:00Z", tags=[{"label_id": 100, "frame": cvat.jobs[job_id]["start_frame"]}])

    assert pull(task_id, tmp_path) == {"new": 25, "edited": 0, "standing": 25, "folder": str(tmp_path)}
    assert cvat.requests.count(JOBS) == 3, "a page has ten jobs"


def test_pull__keeps_a_revision_of_each_edit_and_two_index_files(cvat: StandInCvat, tmp_path: Path) -> None:
    task_id = push()
    for hour in range(5):
        box = {"type": "rectangle", "label_id": 100, "frame": 0, "points": [0.0, 0.0, 10.0 + hour, 10.0], "rotation": 0.0}
        cvat.complete(10, f"2026-11-22T0{hour}:00:00Z", shapes=[box])
        pull(task_id, tmp_path)

    assert len(list((tmp_path / "annotations" / "1-0").iterdir())) == 5
    assert sorted(path.name for path in tmp_path.glob("index-*")) == ["index-4.json", "index-5.json"]
    standing = json.loads((tmp_path / "index-5.json").read_text())["standing"]["1-0"]
    (box,) = json.loads((tmp_path / "annotations" / "1-0" / f"{standing}.json").read_text())["objects"]
    assert box["width"] == 14.0


def test_pull__that_was_killed_before_its_index_is_repeated(cvat: StandInCvat, tmp_path: Path) -> None:
    task_id = push()
    cvat.complete(10, "2026-11-21T23:00:00Z", tags=[{"label_id": 100, "frame": 0}])
    assert pull(task_id, tmp_path)["new"] == 1
    (tmp_path / "index-1.json").write_text('{"standing": {"1-0')

    assert pull(task_id, tmp_path)["new"] == 1
    assert len(list((tmp_path / "annotations").glob("*/*.json"))) == 1


def test_annotations__of_one_task_pulled_and_given_to_another_come_out_the_same(cvat: StandInCvat, tmp_path: Path) -> None:
    drawn: list[dict[str, Any]] = [
        {"type": "tag", "name": "bolt"},
        {"type": "rectangle", "name": "bolt", "left": 1.5, "top": 2.0, "width": 30.0, "height": 4.0, "rotation": 30.0},
        {"type": "polygon", "name": "bolt", "points": [[1.0, 2.0], [3.0, 4.0], [5.0, 1.0]]},
        {"type": "polyline", "name": "bolt", "points": [[1.0, 2.0], [3.0, 4.0]]},
        {"type": "points", "name": "bolt", "points": [[7.0, 8.0]]},
        {"type": "mask", "name": "bolt", "left": 4, "top": 5, "width": 3, "height": 2, "runs": [1, 4, 1]},
        {
            "type": "skeleton",
            "name": "hand",
            "points": {"thumb": {"x": 1.0, "y": 2.0, "is_occluded": True, "is_outside": False}},
        },
    ]
    first, server = push(), CvatHook().get_conn()
    server.annotate(first * 10, {0: drawn}, server.names(first))
    pulled = completed_and_pulled(cvat, first, tmp_path / "first")
    other = push(batch="tuesday")

    server.annotate(other * 10, {0: pulled}, server.names(other))

    assert pulled == drawn
    assert completed_and_pulled(cvat, other, tmp_path / "other") == drawn


def completed_and_pulled(cvat: StandInCvat, task_id: int, folder: Path) -> list[dict[str, Any]]:
    """Objects of a task's first image, after somebody completed its job."""
    cvat.complete(task_id * 10, "2026-11-21T23:00:00Z")
    assert pull(task_id, folder)["new"] == 1
    (file,) = (folder / "annotations" / f"{task_id}-0").iterdir()
    objects: list[dict[str, Any]] = json.loads(file.read_text())["objects"]
    return objects


def test_sensor__defers_until_a_share_of_jobs_is_completed_and_its_trigger_fires(cvat: StandInCvat) -> None:
    task_id = push()
    waiting = sensor(task_id, share=0.6)
    cvat.complete(10, "2026-11-21T23:00:00Z")
    trigger = deferred(waiting)
    assert trigger.jobs_wanted == 2

    cvat.complete(11, "2026-11-21T23:10:00Z")

    assert fired(trigger) == [{"task_id_in_cvat": task_id}]
    counts = {"jobs": 3, "completed": 2, "wanted": 2, "is_late": False, "is_over": True}
    assert waiting.resume({}, {"task_id_in_cvat": task_id}) == counts


def test_sensor__that_is_woken_too_early_defers_again(cvat: StandInCvat) -> None:
    waiting = sensor(push())

    with pytest.raises(TaskDeferred):
        waiting.resume({}, {})


def test_sensor__ends_at_its_deadline(cvat: StandInCvat) -> None:
    late = sensor(push(), deadline="2026-01-01T00:00:00+00:00")

    assert late.execute({}) == {"jobs": 3, "completed": 0, "wanted": 3, "is_late": True, "is_over": True}


def test_sensor__can_poke_without_a_triggerer(cvat: StandInCvat) -> None:
    task_id = push()
    poking = sensor(task_id, deferrable=False)
    assert not poking.poke({}).is_done

    for job_id in (10, 11, 12):
        cvat.complete(job_id, "2026-11-21T23:00:00Z")

    assert poking.execute({}) == {"jobs": 3, "completed": 3, "wanted": 3, "is_late": False, "is_over": True}


def test_trigger__waits_on_while_cvat_does_not_respond(cvat: StandInCvat, caplog: pytest.LogCaptureFixture) -> None:
    trigger = deferred(sensor(push()))
    cvat.fails[JOBS] = 500
    for job_id in cvat.jobs:
        cvat.complete(job_id, "2026-11-21T23:00:00Z")

    async def mended() -> list[Any]:
        async def once_it_was_asked_in_vain() -> None:
            asked = cvat.requests.count(JOBS)
            while cvat.requests.count(JOBS) == asked:
                await asyncio.sleep(0.01)
            del cvat.fails[JOBS]

        mending = asyncio.create_task(once_it_was_asked_in_vain())
        events = [event.payload async for event in trigger.run()]
        await mending
        return events

    with caplog.at_level(logging.WARNING):
        assert asyncio.run(asyncio.wait_for(mended(), WAITED_S)) == [{"task_id_in_cvat": 1}]


def test_trigger__wakes_the_task_of_an_error_that_waiting_does_not_mend(cvat: StandInCvat) -> None:
    waiting = sensor(push())
    trigger = deferred(waiting)
    cvat.token = "another token"

    assert fired(trigger) == [{"task_id_in_cvat": 1}]
    with pytest.raises(AirflowFailException, match="CVAT responds with 401"):
        waiting.resume({}, {})


def test_trigger__fires_at_the_deadline_without_asking(cvat: StandInCvat) -> None:
    trigger = CvatCompletedTrigger(
        cvat_conn_id="cvat_default", task_id_in_cvat=1, jobs_wanted=1, poke_interval=600, deadline="2026-01-01T00:00:00+00:00"
    )

    assert fired(trigger) == [{"task_id_in_cvat": 1}]
    assert cvat.requests == []


def test_connection__says_what_responds_or_what_is_wrong(cvat: StandInCvat, monkeypatch: pytest.MonkeyPatch) -> None:
    assert CvatHook().test_connection() == (True, "CVAT 2.80.0 responds.")

    monkeypatch.setenv("AIRFLOW_CONN_EMPTY", json.dumps({"conn_type": "cvat"}))
    assert CvatHook("empty").test_connection() == (
        False, "connection empty: wanted a host, found none; edit it under Admin, Connections",
    )  # fmt: skip
    del cvat.about["logo_url"]
    is_fine, why = CvatHook().test_connection()
    assert (is_fine, "does not fit cvat-sdk 2.80.0" in why, "logo_url" in why) == (False, True, True)
    cvat.token = "another token"
    is_fine, why = CvatHook().test_connection()
    assert (is_fine, "401" in why) == (False, True)


def test_connection__takes_scheme_and_port_from_their_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "AIRFLOW_CONN_ONE", json.dumps({"conn_type": "cvat", "host": "cvat.example", "schema": "https", "port": 8443})
    )
    monkeypatch.setenv("AIRFLOW_CONN_TWO", json.dumps({"conn_type": "cvat", "host": "https://cvat.example/"}))

    assert CvatHook("one").url() == "https://cvat.example:8443"
    assert CvatHook("two").url() == "https://cvat.example"


def test_provider__gives_airflow_a_connection_form() -> None:
    assert ProvidersManager().hooks["cvat"].hook_name == "CVAT"


def test_requirements__pin_the_release_that_these_tests_run() -> None:
    import cvat_sdk

    assert f"cvat-sdk=={cvat_sdk.__version__}" in (Path(__file__).parents[2] / "requirements-cvat.txt").read_text().splitlines()


def test_example_dag__is_whole_and_uses_nothing_of_nightlens() -> None:
    folder = Path(__file__).parents[2] / "plugins" / "nightlens_airflow" / "cvat" / "example_dags"
    bag = DagBag(folder)

    assert bag.import_errors == {}
    assert [task.task_id for task in bag.dags["cvat_example"].topological_sort()] == ["push", "wait", "pull"]
    assert "pipeline_tasks" not in (folder / "cvat_example.py").read_text()
