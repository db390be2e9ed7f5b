"""Contract tests of the CVAT operators: the real SDK against a stand-in with responses that fit its schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from plugins.stand_in_cvat import StandInCvat, served

from pipeline_tasks.errors import ServiceRefusedError, ServiceUnavailableError

pytest.importorskip("cvat_sdk", reason="no cvat-sdk: pip install -r requirements-cvat.txt")
pytest.importorskip("airflow")

from airflow.sdk import ObjectStoragePath
from nightlens_airflow.cvat.job_folder import JobFolder, PulledJobs
from nightlens_airflow.cvat.server import CvatServer

pytestmark = [pytest.mark.airflow, pytest.mark.slow]

LABELS = [{"name": "bolt", "type": "any"}, {"name": "hand", "type": "skeleton", "sublabels": [{"name": "thumb", "type": "points"}]}]
IMAGES = [f"https://images.example/{number}.jpg" for number in range(3)]
BOX = {"type": "rectangle", "label_id": 100, "frame": 0, "points": [10.0, 20.0, 40.0, 60.0], "rotation": 0.0, "occluded": False}


@pytest.fixture
def cvat() -> StandInCvat:
    return StandInCvat()


@pytest.fixture
def server(cvat: StandInCvat) -> Iterator[CvatServer]:
    with served(cvat) as url:
        yield CvatServer(url, "a token", check_every_s=0.01)


def test_push__makes_one_task_with_all_images_however_often_it_runs(cvat: StandInCvat, server: CvatServer) -> None:
    first = server.push("night 1", LABELS, IMAGES, 2)

    assert server.push("night 1", LABELS, IMAGES, 2) == first
    assert server.push("night 2", LABELS, IMAGES, 2) != first
    assert [(one["name"], one["size"]) for one in cvat.tasks.values()] == [("night 1", 3), ("night 2", 3)]
    assert server.image_names(first) == IMAGES
    assert [job.frames for job in server.jobs(first)] == [(0, 1), (2,)]


@pytest.mark.parametrize("lost", ["POST /api/tasks", "POST /api/tasks/1/data"])
def test_push__makes_one_task_though_a_response_is_lost(lost: str, cvat: StandInCvat, server: CvatServer) -> None:
    cvat.loses.append(lost)
    with pytest.raises(ServiceUnavailableError, match="504"):
        server.push("night 1", LABELS, IMAGES, 2)

    task_id = server.push("night 1", LABELS, IMAGES, 2)
    assert [(one["id"], one["size"]) for one in cvat.tasks.values()] == [(task_id, 3)]


def test_push__refuses_a_task_of_other_images(server: CvatServer) -> None:
    server.push("night 1", LABELS, IMAGES, 2)

    with pytest.raises(ServiceRefusedError, match="wanted 2 images, found 3"):
        server.push("night 1", LABELS, IMAGES[:2], 2)


def test_pull__takes_completed_jobs_and_later_what_changed(cvat: StandInCvat, server: CvatServer, tmp_path: Path) -> None:
    task_id, folder = server.push("night 1", LABELS, IMAGES, 2), JobFolder(ObjectStoragePath(str(tmp_path)))
    assert folder.pull(server, task_id) == PulledJobs(0, 0, 0)
    cvat.complete(10, "2026-11-21T23:00:00Z", shapes=[BOX], tags=[{"label_id": 100, "frame": 1}])
    assert folder.pull(server, task_id) == PulledJobs(new=2, edited=0, standing=2)
    asked = len(cvat.requests)
    assert folder.pull(server, task_id) == PulledJobs(0, 0, 2)
    assert cvat.requests[asked:] == ["GET /api/jobs"]

    cvat.complete(10, "2026-11-22T08:00:00Z", shapes=[BOX | {"points": [10.0, 20.0, 30.0, 60.0]}])
    assert folder.pull(server, task_id) == PulledJobs(0, edited=1, standing=2)
    texts = [json.loads(path.read_text()) for path in sorted((tmp_path / "annotations" / "1-0").iterdir())]
    assert sorted(one["objects"][0]["width"] for one in texts) == [20.0, 30.0]
    assert {one["image"] for one in texts} == {IMAGES[0]}


def test_annotate__gives_a_job_what_pull_reads(cvat: StandInCvat, server: CvatServer) -> None:
    task_id = server.push("night 1", LABELS, IMAGES, 3)
    names = server.names(task_id)
    mask = {"type": "mask", "name": "bolt", "left": 4, "top": 5, "width": 3, "height": 2, "runs": [1, 4, 1]}
    hand = {"type": "skeleton", "name": "hand", "points": {"thumb": {"x": 1.0, "y": 2.0, "is_occluded": True, "is_outside": False}}}
    records = {0: [mask], 2: [{"type": "tag", "name": "bolt"}, hand]}

    server.annotate(10, records, names)

    assert server.annotations(10, names) == records
