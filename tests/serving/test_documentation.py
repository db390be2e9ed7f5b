from __future__ import annotations

import re
import subprocess
from html import unescape
from pathlib import Path

import httpx
import pytest
from serving.given_server import a_running_server, numbered_model
from serving.test_application import Bench, bench
from tiny_model import an_image

from pipeline_tasks.serving.api_keys import ApiKeys
from pipeline_tasks.serving.application import ServerState, make_application

__all__ = ["bench"]


def _page(bench: Bench, headers: dict[str, str] | None = None, keys: ApiKeys | None = None) -> httpx.Response:
    state = ServerState(bench.follower, bench.prediction_threads, bench.metrics, bench.limits, keys=keys)
    response: httpx.Response = bench.run(make_application(state), lambda client: client.get("/docs", headers=headers))
    return response


def test_documentation__names_every_address_of_the_schema_and_loads_nothing(bench: Bench) -> None:
    page = _page(bench)

    schema = bench.ask(lambda client: client.get("/openapi.json")).json()
    assert all(f"</b> {path.replace('{name}', 'NAME')}" in page.text for path in schema["paths"])
    assert not re.search(r"<script|<link|<img|src=|url\(|@import", page.text)
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


def test_documentation__writes_the_address_that_the_reader_used_without_trusting_it(bench: Bench) -> None:
    page = _page(bench, {"Host": 'a"<script>.example'}).text

    assert "<script>" not in page


def test_documentation__says_which_addresses_want_a_key(bench: Bench) -> None:
    page = _page(bench, keys=ApiKeys(["k" * 20])).text

    assert 'curl -H "Authorization: Bearer $NIGHTLENS_API_KEY" http://test/metrics' in unescape(page)
    assert "curl http://test/healthz" in page
    assert "k" * 20 not in page
    assert "NIGHTLENS_API_KEY" not in _page(bench).text


@pytest.mark.slow
def test_documentation__lines_run_as_they_are_written(tmp_path: Path) -> None:
    for name in ("image.jpg", "first.jpg", "second.jpg"):
        (tmp_path / name).write_bytes(an_image())
    with a_running_server(tmp_path, numbered_model(1)) as (server, _, digest):
        lines = [unescape(one) for one in re.findall(r"<pre>(.+?)</pre>", server.get("/docs").text)]
        outputs = {
            line.split(server.url)[-1]: subprocess.run(
                ["bash", "-c", f"{line} -sS --fail"], cwd=tmp_path, capture_output=True, check=True
            )
            for line in lines
            if "/label_studio/" not in line
        }

    assert digest.encode() in outputs["/v2/models/parts/infer"].stdout
    assert set(outputs) >= {"/predict", "/predict_batch", "/healthz", "/readyz", "/metrics"}
    assert digest.encode() in outputs["/predict"].stdout
    assert outputs["/predict_batch"].stdout.count(digest.encode()) == 2
