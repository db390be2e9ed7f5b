"""The prediction log of a real server that is killed, and of one whose disk is full."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from serving.given_server import ServerProcess, a_running_server, promote
from tiny_model import an_image, tiny_model

from pipeline_tasks.serving.logged_predictions import logged_predictions
from pipeline_tasks.storage.objects.disk_objects import DiskObjects

pytestmark = pytest.mark.slow
WORDS = "0123456789abcdef"
LAST_S = 1.0
SMALL_QUEUE = """
import sys; from pathlib import Path
import pipeline_tasks.serving.__main__ as command
from pipeline_tasks.serving.limits import ServerLimits
from pipeline_tasks.serving.server import serve
command.serve = lambda *given, **named: serve(*given, limits=ServerLimits(log_waiting_bytes=5_000), **named)
command.main()
"""


def logged_ids(folder: Path) -> list[str]:
    found = [str(one.prediction_id) for word in WORDS for one in logged_predictions(folder, word)]
    return list(dict.fromkeys(found))


def lost(server: ServerProcess) -> int:
    lines = server.get("/metrics").text.splitlines()
    return int(sum(float(line.split()[-1]) for line in lines if line.startswith("nightlens_predictions_lost_total")))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with 1 MB."""
    folder = tmp_path / "cache"
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if subprocess.run(mounting, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small file system needs root: run the tests as root, or in `unshare --map-root-user --mount`")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_log__of_a_server_that_is_killed_under_load_lacks_at_most_the_last_second(tmp_path: Path) -> None:
    answered: list[tuple[str, float]] = []

    def ask(number: int) -> None:
        content = an_image(seed=number)
        with httpx.Client(trust_env=False, verify=False, timeout=60) as client:
            while True:
                try:
                    response = client.post(f"{server.url}/predict", content=content)
                except httpx.HTTPError:
                    return
                answered.append((response.json()["prediction_id"], time.monotonic()))

    with a_running_server(tmp_path, tiny_model()) as (server, _, _), ThreadPoolExecutor(4) as clients:
        asking = [clients.submit(ask, number) for number in range(4)]
        while not answered or answered[-1][1] - answered[0][1] < 3 * LAST_S:
            time.sleep(0.05)
        server.process.kill()
        killed_at = time.monotonic()
        for one in asking:
            one.result()

    logged = logged_ids(tmp_path / "cache")
    missing = [at for prediction_id, at in answered if prediction_id not in set(logged)]
    assert all(killed_at - at < LAST_S for at in missing)

    with ServerProcess(tmp_path) as after:
        promoted = after.predict(an_image()).json()["prediction_id"]
        after.end()
    assert [*logged, promoted] == sorted(logged_ids(tmp_path / "cache"), key=[*logged, promoted].index)


def test_log__of_a_server_on_a_full_disk_is_complete_when_there_is_room_again(small_disk: Path) -> None:
    with a_running_server(small_disk.parent, tiny_model()) as (server, _, _):
        filler = fill(small_disk)
        answered = [server.predict(an_image(seed=number)).json()["prediction_id"] for number in range(100)]
        assert "nightlens_prediction_log_waiting_bytes 0.0" not in server.get("/metrics").text
        filler.unlink()
        answered.append(server.predict(an_image()).json()["prediction_id"])

        assert lost(server) == 0
        assert server.end() == 0
        assert set(answered) == set(logged_ids(small_disk))


def test_log__of_a_server_whose_full_disk_lasts_counts_each_lost_line_and_goes_on(small_disk: Path) -> None:
    digest = promote(DiskObjects(small_disk.parent / "root"), tiny_model())
    with ServerProcess(small_disk.parent, command=(sys.executable, "-c", SMALL_QUEUE)) as server:
        server.wait_for(digest)
        filler = fill(small_disk)
        answered = [server.predict(an_image(seed=number)) for number in range(100)]
        assert {one.status_code for one in answered} == {200}
        counted = lost(server)
        assert counted > 0
        filler.unlink()
        time.sleep(2 * LAST_S)
        last = server.predict(an_image()).json()["prediction_id"]
        assert server.end() == 0

        logged = logged_ids(small_disk)
        assert last in logged
        assert len(logged) == len(answered) + 1 - counted


def fill(folder: Path) -> Path:
    """Fill a file system to its last byte."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            return filler
