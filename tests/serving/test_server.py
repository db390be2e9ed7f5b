from __future__ import annotations

import itertools
import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from given import a_project
from kinds.given_objects import DRAWN
from serving.given_server import REPOSITORY, ServerProcess, a_running_server, numbered_model, promote
from storage.an_s3_server import BUCKET, an_s3_server
from tiny_model import an_image, tiny_model

from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.storage.objects.s3_objects import S3Objects

pytestmark = pytest.mark.slow


class Load:
    """Clients that ask without a pause until told to stop."""

    def __init__(self, server: ServerProcess, clients: int = 4) -> None:
        self.server = server
        self.responses: list[tuple[int, str, float, float]] = []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(clients)]

    def __enter__(self) -> Load:
        for thread in self.threads:
            thread.start()
        self.wait_for_responses(40)
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def wait_for_responses(self, count: int) -> None:
        """Wait until so many more have come."""
        wanted = len(self.responses) + count
        while len(self.responses) < wanted:
            time.sleep(0.01)

    def _ask(self, number: int) -> None:
        content = an_image(seed=number)
        with httpx.Client(trust_env=False, verify=False, timeout=60) as client:
            while not self.stopping.is_set():
                begun = time.monotonic()
                try:
                    response = client.post(f"{self.server.url}/predict", content=content)
                    status, digest = response.status_code, response.json().get("model_digest", response.text)
                except httpx.HTTPError as error:
                    status, digest = 0, str(error)
                self.responses.append((status, digest, begun, time.monotonic()))


def test_server__swaps_under_load_without_dropping_a_request(tmp_path: Path) -> None:
    with a_running_server(tmp_path, numbered_model(0)) as (server, objects, first):
        served = [(first, 0.0, 0.0)]
        with Load(server) as load:
            for number in (1, 2, 3):
                promoted_at = time.monotonic()
                digest = promote(objects, numbered_model(number))
                server.wait_for(digest)
                served.append((digest, promoted_at, time.monotonic()))
                load.wait_for_responses(40)
            promote(objects, tiny_model(smoke_shift=0.5))
            time.sleep(1.5)
            assert server.get("/readyz").json()["model_digest"] == digest

    assert len(load.responses) > 100
    assert Counter(status for status, *_ in load.responses) == {200: len(load.responses)}
    promoted = {digest: promoted_at for digest, promoted_at, _ in served}
    replaced = {digest: seen_at for (digest, *_), (*_, seen_at) in itertools.pairwise(served)}
    for _, digest, begun, ended in load.responses:
        assert promoted[digest] <= ended, "an answer by a model that was not promoted yet"
        assert begun <= replaced.get(digest, begun), "an answer by a model after the server said that the next one serves"
    assert {digest for _, digest, *_ in load.responses} == set(promoted)


def test_server__restarts_with_its_last_valid_model_when_the_root_is_gone(tmp_path: Path) -> None:
    with a_running_server(tmp_path, numbered_model(1)) as (server, _, digest):
        assert server.predict(an_image()).status_code == 200
        assert server.end() == 0
    shutil.rmtree(tmp_path / "root")

    with ServerProcess(tmp_path) as server:
        assert server.predict(an_image()).json()["model_digest"] == digest
        newer = promote(DiskObjects(tmp_path / "root"), numbered_model(2))
        server.wait_for(newer)


def test_server__reports_not_ready_and_finishes_running_requests_before_it_ends(tmp_path: Path) -> None:
    with a_running_server(tmp_path, numbered_model(1)) as (server, _, _), Load(server) as load:
        server.process.terminate()
        readiness = server.get("/readyz")
        said_at = time.monotonic()
        assert server.process.wait(20) == 0

    assert (readiness.status_code, readiness.json()["why"]) == (503, "The server is shutting down.")
    assert {status for status, _, begun, _ in load.responses if begun < said_at} == {200}
    # It goes on taking requests for a second, so that whoever sends them can turn to another one.
    assert 200 in {status for status, _, begun, _ in load.responses if begun > said_at}
    assert load.responses[-1][0] == 0


def test_server__decodes_in_another_process_and_refuses_hostile_bytes(tmp_path: Path) -> None:
    with a_running_server(tmp_path, numbered_model(1)) as (server, _, _):
        responses = [
            server.predict(content) for content in (b"", b"GIF89a", an_image(file_format="JPEG")[:300], b"\x89PNG" + b"\0" * 99)
        ]
        large = server.predict(b"x" * 100_001)
        assert server.predict(an_image()).status_code == 200

    assert [response.status_code for response in responses] == [422] * 4
    assert large.status_code == 413


def test_server__answers_others_while_slow_senders_hold_connections(tmp_path: Path) -> None:
    with a_running_server(tmp_path, numbered_model(1)) as (server, _, _):
        slow = [_slow_sender(server.port, number) for number in range(60)]
        assert all(server.predict(an_image(seed=number)).status_code == 200 for number in range(20))
        for connection in slow:
            connection.settimeout(15)
            received = connection.recv(1000)
            assert received == b"" or b" 408 " in received
            connection.close()


def test_server__refuses_load_beyond_its_bound_and_recovers(tmp_path: Path) -> None:
    with a_running_server(tmp_path, numbered_model(1), max_waiting=2) as (server, _, _):
        with ThreadPoolExecutor(12) as clients:
            responses = list(clients.map(lambda number: server.predict(an_image(seed=number)), range(120)))
        statuses = Counter(response.status_code for response in responses)
        assert server.predict(an_image()).status_code == 200

    assert set(statuses) == {200, 429}
    assert all(response.headers["Retry-After"] == "1" for response in responses if response.status_code == 429)


def test_serving__imports_nothing_that_belongs_to_the_pipeline() -> None:
    code = "import sys, pipeline_tasks.serving.server, pipeline_tasks.serving.__main__; print(*sys.modules)"
    modules = set(
        subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.split()
    )

    heavy = {"torch", "polars", "pandas", "mlflow", "lightning", "airflow", "albumentations", "cv2", "onnx", "yaml", "dataframely"}
    assert {module.split(".")[0] for module in modules} & heavy == set()
    ours = {".".join(module.split(".")[:2]) for module in modules if module.startswith("pipeline_tasks.")}
    rooms = {
        "serving",
        "storage",
        "decoding",
        "kinds",
        "geometry",
        "measurements",
        "registries",
        "registry",
        "upgrades",
        "release",
        "errors",
        "json_values",
    }
    assert ours == {f"pipeline_tasks.{room}" for room in rooms}


@pytest.mark.services
def test_serving__runs_in_an_environment_of_its_requirements_alone(tmp_path: Path, own_environment: str) -> None:
    digest = promote(DiskObjects(tmp_path / "root"), numbered_model(1))
    with ServerProcess(tmp_path, python=own_environment) as server:
        server.wait_for(digest)
        form = server.client.post("/predict", files={"picture": ("a.png", an_image())})

        assert server.predict(an_image()).json()["model_digest"] == digest
        assert form.json()["class_name"] == "bolt"
        assert "nightlens_requests_total" in server.get("/metrics").text


@pytest.mark.services
def test_decoders__of_all_kinds_run_in_an_environment_of_the_requirements_alone(own_environment: str) -> None:
    projects = [a_project(**drawn.settings) for drawn in DRAWN.values()]
    marks = json.dumps([kind_of(one).properties for one in projects])

    done = subprocess.run([own_environment, "-c", DECODES, marks], cwd=REPOSITORY, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [one.label_kind for one in projects]


DECODES = """
import json, sys
from pipeline_tasks.kinds.registry import kind_of_model

for marks in json.loads(sys.argv[1]):
    kind = kind_of_model(marks)
    fields = kind.prediction_model().model_fields
    if kind.name != "class":
        nothing = kind.decoding.predict((), (64, 48), 0.5)
        assert kind.decoding.outlines(nothing, (64, 48)) is not None and kind.decoding.says(nothing)
        assert set(vars(nothing)) <= set(fields), (vars(nothing), fields)
    print(kind.name)
"""


@pytest.mark.services
def test_serving__follows_a_root_on_s3(tmp_path: Path, own_environment: str) -> None:
    (tmp_path / "s3").mkdir()
    with an_s3_server(tmp_path / "s3") as client:
        objects = S3Objects(client, BUCKET, "parts")
        first = promote(objects, numbered_model(1))
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test-secret"}
        endpoint = {"NIGHTLENS_S3_URL": client.meta.endpoint_url}
        with ServerProcess(tmp_path, own_environment, root=f"s3://{BUCKET}/parts", environment=keys | endpoint) as server:
            server.wait_for(first)
            second = promote(objects, numbered_model(2))
            server.wait_for(second)

            assert server.predict(an_image()).json()["model_digest"] == second


@pytest.fixture(scope="session")
def own_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Python with requirements-serving.txt and nothing else."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = str(folder / "bin" / "python")
    command = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check", "install", "--quiet", "--no-compile"]
    subprocess.run([*command, "-r", str(REPOSITORY / "requirements-serving.txt")], check=True)
    yield python
    shutil.rmtree(folder, ignore_errors=True)


def _slow_sender(port: int, number: int) -> socket.socket:
    """A third sends no byte, a third half a header, a third half a body."""
    connection = socket.create_connection(("127.0.0.1", port))
    head = b"POST /predict HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n"
    connection.sendall((b"", head, head + b"\r\n" + b"x" * 10)[number % 3])
    return connection
