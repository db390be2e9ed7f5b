from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from serving.given_server import REPOSITORY, ServerProcess, a_running_server, numbered_model
from serving.test_certificate import KEY, make_certificate
from tiny_model import an_image

from pipeline_tasks.serving.client import PredictionClient, PredictionRefusedError

pytestmark = pytest.mark.slow


def test_client__asks_with_a_key_and_a_certificate(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    configured = ServerProcess(
        tmp_path,
        scheme="https",
        arguments=("--certificate", str(certificate.chain), "--certificate-key", str(certificate.key)),
        environment={"NIGHTLENS_API_KEYS": KEY},
        headers={"X-Api-Key": KEY},
    )
    with a_running_server(tmp_path, numbered_model(1), configured) as (server, _, digest):
        client = PredictionClient(server.url, KEY, str(certificate.chain))
        prediction = client.predict(an_image())
        first, second, third = client.predict_batch([an_image(), b"hello", an_image(seed=1)])
        with pytest.raises(PredictionRefusedError) as unusable:
            client.predict(b"hello")
        with pytest.raises(PredictionRefusedError, match="401 wrong_key"):
            PredictionClient(server.url, certificate=str(certificate.chain)).predict(an_image())

    assert {one["model_digest"] for one in (prediction, first, third)} == {digest}
    assert first["image_id"] == prediction["image_id"]
    assert (unusable.value.status, unusable.value.reason) == (422, "not_an_image")
    assert (second.status, second.reason, second.why) == (422, "not_an_image", unusable.value.why)


def test_client__sends_again_while_the_server_is_too_busy(tmp_path: Path) -> None:
    with a_running_server(tmp_path, numbered_model(1), ServerProcess(tmp_path), max_waiting=1) as (server, _, digest):
        client = PredictionClient(server.url)
        with ThreadPoolExecutor(4) as clients:
            predictions = list(clients.map(lambda number: client.predict(an_image(seed=number)), range(20)))

    assert {one["model_digest"] for one in predictions} == {digest}


def test_client__is_one_file_of_the_standard_library(tmp_path: Path) -> None:
    copy = tmp_path / "client.py"
    copy.write_bytes((REPOSITORY / "pipeline_tasks/serving/client.py").read_bytes())

    subprocess.run([sys.executable, "-S", "-I", "-c", f"import runpy; runpy.run_path({str(copy)!r})"], check=True)
