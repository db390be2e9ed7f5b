"""A real Prometheus that scrapes a real prediction server, with the files of docker/."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from serving.given_server import ServerProcess, promote
from tiny_model import an_image, tiny_model
from watching.given_watching import DOCKER, queries, read_yaml

from pipeline_tasks.storage.objects.disk_objects import DiskObjects

pytestmark = pytest.mark.slow
WITHIN_S = 60.0
needs_prometheus = pytest.mark.skipif(
    shutil.which("prometheus") is None, reason="Prometheus is not installed: apt-get install prometheus"
)


class PrometheusProcess:
    """Prometheus with the repository's configuration and alerts, at a quicker pace and with another target."""

    def __init__(self, folder: Path, target: str, key_file: Path | None = None) -> None:
        config = read_yaml("prometheus/prometheus.yml")
        config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        config["rule_files"] = [str(DOCKER / "prometheus/alerts.yml")]
        config["scrape_configs"][0]["static_configs"][0]["targets"] = [target]
        if key_file:
            config["scrape_configs"][0]["authorization"] = {"credentials_file": str(key_file)}
        folder.mkdir()
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
        with (folder / "prometheus.log").open("wb") as log:
            self.process = subprocess.Popen([*command, f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", trust_env=False, timeout=30)

    def query(self, query: str) -> list[Any]:
        """The samples of an instant query that are numbers."""
        response = self.client.post("/query", data={"query": query})
        assert response.status_code == 200, response.text
        return [one for one in response.json()["data"]["result"] if one["value"][1] != "NaN"]

    def firing(self) -> set[str]:
        alerts = self.client.get("/alerts").json()["data"]["alerts"]
        return {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}

    def end(self) -> None:
        self.client.close()
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[tuple[ServerProcess, DiskObjects, PrometheusProcess]]:
    objects = DiskObjects(tmp_path / "root")
    with ServerProcess(tmp_path) as server:
        prometheus = PrometheusProcess(tmp_path / "prometheus", f"127.0.0.1:{server.port}")
        try:
            until(lambda: bool(answer_of(prometheus, "nightlens_generation")), "Prometheus has scraped the server")
            server.wait_for(promote(objects, tiny_model()))
            yield server, objects, prometheus
        finally:
            prometheus.end()


def answer_of(prometheus: PrometheusProcess, query: str) -> list[Any]:
    try:
        return prometheus.query(query)
    except httpx.HTTPError:
        return []


def until(is_so: Callable[[], bool], what: str) -> None:
    begun = time.monotonic()
    while not is_so():
        assert time.monotonic() - begun < WITHIN_S, f"in vain after {WITHIN_S:g} s: {what}"
        time.sleep(0.5)


@needs_prometheus
def test_panels__all_have_an_answer_from_a_server_with_traffic(
    watched: tuple[ServerProcess, DiskObjects, PrometheusProcess],
) -> None:
    server, _, prometheus = watched
    empty = dict(queries())

    def all_answer() -> bool:
        server.predict(an_image((0, 255, 0)))
        server.predict(an_image((255, 0, 0)))
        server.predict(b"not an image")
        for title, query in [*empty.items()]:
            if prometheus.query(query):
                del empty[title]
        return not empty

    assert len(empty) == len({title for title, _ in queries()})
    until(all_answer, f"panels without an answer: {empty}")
    several = [(title, query) for title, query in queries() if not prometheus.query(query)]
    assert several == [], "each query of each panel"
    assert prometheus.firing() == set()


@needs_prometheus
def test_alert__fires_for_a_refused_model_and_for_a_server_that_is_gone(
    watched: tuple[ServerProcess, DiskObjects, PrometheusProcess],
) -> None:
    server, objects, prometheus = watched
    until(lambda: bool(prometheus.query("count_over_time(nightlens_generation[1m]) > 3")), "some scrapes")

    promote(objects, tiny_model(smoke_shift=0.5))
    until(lambda: prometheus.firing() == {"PointerRefused"}, "the server refuses a model whose check on images fails")

    server.process.kill()
    down = 'ALERTS{alertname="PredictionServerDown", alertstate="pending", project="parts"}'
    until(lambda: bool(prometheus.query(down)), "the server is gone, which is told after a minute")


@needs_prometheus
def test_prometheus__reads_a_server_with_keys_by_a_key_of_its_own(tmp_path: Path) -> None:
    keys, key_file, key = tmp_path / "keys", tmp_path / "prometheus.key", "0123456789abcdef0123"
    for file in (keys, key_file):
        file.write_text(key)
        file.chmod(0o600)
    with ServerProcess(tmp_path, environment={"NIGHTLENS_API_KEYS_FILE": str(keys)}) as server:
        assert server.get("/metrics").status_code == 401
        prometheus = PrometheusProcess(tmp_path / "prometheus", f"127.0.0.1:{server.port}", key_file)
        try:
            until(lambda: bool(answer_of(prometheus, "up == 1")), "Prometheus shows its key")
        finally:
            prometheus.end()
