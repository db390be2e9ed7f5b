from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest
from serving.given_server import ServerProcess, a_running_server, numbered_model
from serving.test_application import Bench, _post_and_leave, _until, bench
from tiny_model import an_image

from pipeline_tasks.serving.application import make_application
from pipeline_tasks.serving.limits import ServerLimits

__all__ = ["bench"]


def _form(contents: Sequence[bytes]) -> list[tuple[str, tuple[str, bytes]]]:
    return [("image", (f"{number}.png", content)) for number, content in enumerate(contents)]


def _send(bench: Bench, contents: Sequence[bytes], query: str = "") -> httpx.Response:
    response: httpx.Response = bench.ask(lambda client: client.post(f"/predict_batch{query}", files=_form(contents)))
    return response


def test_predict_batch__gives_each_image_its_prediction_or_its_refusal_in_order(bench: Bench) -> None:
    bench.serve(max_body_bytes=20_000)

    response = _send(bench, [an_image((255, 0, 0)), b"hello", an_image((0, 255, 0)), b"x" * 20_001])

    results = response.json()["results"]
    assert response.status_code == 200
    assert [(one["name"], one["status"]) for one in results] == [("0.png", 200), ("1.png", 422), ("2.png", 200), ("3.png", 413)]
    assert [one["prediction"] and one["prediction"]["class_name"] for one in results] == ["bolt", None, "nut", None]
    assert [one["refusal"] and one["refusal"]["reason"] for one in results] == [None, "not_an_image", None, "too_many_bytes"]
    assert [line["prediction_id"] for line in bench.logged()] == [one["prediction"]["prediction_id"] for one in results[::2]]


def test_predict_batch__predicts_as_predict_does(bench: Bench) -> None:
    bench.serve()
    alone = bench.predict(an_image(seed=3)).json()

    (entry,) = _send(bench, [an_image(seed=3)]).json()["results"]

    assert entry["prediction"] | {"prediction_id": ""} == alone | {"prediction_id": ""}


def test_predict_batch__counts_each_image(bench: Bench) -> None:
    bench.serve()
    _send(bench, [an_image(), an_image(seed=1), b"hello"])

    text = bench.metrics.as_text().decode()

    assert 'nightlens_requests_total{status="200"} 2.0' in text
    assert 'nightlens_requests_total{status="422"} 1.0' in text
    assert "nightlens_admitted 0.0" in text


def test_predict_batch__is_admitted_whole_or_not_at_all(bench: Bench) -> None:
    bench.serve(max_waiting=3)
    bench.decoder.gate.clear()

    async def crowd(client: httpx.AsyncClient) -> list[httpx.Response]:
        first = asyncio.create_task(client.post("/predict_batch", files=_form([an_image(seed=one) for one in range(2)])))
        await _until(lambda: bench.state.metrics.admitted._value.get() == 2)
        refused = await client.post("/predict_batch", files=_form([an_image(seed=one) for one in range(2)]))
        alone = asyncio.create_task(client.post("/predict", content=an_image(seed=9)))
        await _until(lambda: bench.state.metrics.admitted._value.get() == 3)
        bench.decoder.gate.set()
        return [refused, await first, await alone]

    refused, first, alone = bench.ask(crowd)

    assert (refused.status_code, refused.headers["Retry-After"], refused.json()["detail"]["reason"]) == (429, "1", "too_busy")
    assert refused.json()["detail"]["why"] == "2 of at most 3 images are waiting or running."
    assert [one["status"] for one in first.json()["results"]] == [200, 200]
    assert alone.status_code == 200


def test_predict_batch__refuses_at_the_deadline_only_what_has_no_prediction(bench: Bench) -> None:
    bench.limits = ServerLimits(deadline_s=0.2)
    bench.serve()
    bench.decoder.gate.clear()

    statuses = [one["status"] for one in _send(bench, [an_image(), an_image(seed=1)]).json()["results"]]

    assert statuses == [504, 429]
    bench.decoder.gate.set()
    bench.prediction_threads.close()
    assert (bench.metrics.admitted._value.get(), bench.logged()) == (0, [])


@pytest.mark.parametrize(
    ("contents", "query", "status", "reason"),
    [
        ([], "", 400, "bad_form"),
        ([b"x"] * 33, "", 400, "bad_form"),
        ([b"x"] * 9, "", 422, "too_many_images"),
        ([an_image()], "?draw=1", 422, "bad_draw"),
        ([an_image()], "?bit_depth=99", 422, "bad_bit_depth"),
        ([b"x" * 90_000] * 6, "", 413, "too_many_bytes"),
    ],
)
def test_predict_batch__refuses_a_form_that_it_cannot_use(
    bench: Bench, contents: list[bytes], query: str, status: int, reason: str
) -> None:
    bench.serve(max_waiting=8)

    response = _send(bench, contents, query)

    assert (response.status_code, response.json()["detail"]["reason"]) == (status, reason)


def test_predict_batch__that_its_client_left_never_reaches_the_model(bench: Bench) -> None:
    bench.serve()
    bench.decoder.gate.clear()

    async def leave(client: httpx.AsyncClient) -> int:
        request = client.build_request("POST", "/predict_batch", files=_form([an_image(seed=one) for one in range(3)]))
        headers = [(name.lower().encode(), value.encode()) for name, value in request.headers.items()]
        application = make_application(bench.state)
        return await _post_and_leave(application, request.read(), lambda: bench.decoder.began == 1, "/predict_batch", headers)

    bench.ask(leave)
    bench.decoder.gate.set()
    bench.prediction_threads.close()

    assert bench.metrics.abandoned._value.get() == 3
    assert (bench.decoder.began, bench.logged()) == (1, [])


@pytest.mark.slow
def test_predict_batch__of_a_real_server_predicts_many(tmp_path: Path) -> None:
    with a_running_server(tmp_path, numbered_model(1), ServerProcess(tmp_path)) as (server, _, digest):
        response = server.client.post("/predict_batch", files=_form([an_image(seed=one) for one in range(32)]))

    results = response.json()["results"]
    assert {(one["status"], one["prediction"]["model_digest"]) for one in results} == {(200, digest)}
    assert len({one["prediction"]["image_id"] for one in results}) == 32
