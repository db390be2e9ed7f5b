from __future__ import annotations

import asyncio
import io
import json
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from decoding.damage import DAMAGES, ENCODINGS, a_drawn_image
from decoding.test_bit_depth import a_png, ramp
from fastapi import FastAPI
from PIL import Image as PillowImage
from serving.given_server import promote
from tiny_model import DATASET_ID, an_image, tiny_model

from pipeline_tasks.decoding.canonical_form import NEWEST, CanonicalForm
from pipeline_tasks.decoding.canonical_image import CanonicalImage
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.errors import RejectedFileError, ServiceUnavailableError
from pipeline_tasks.serving.application import ServerState, make_application
from pipeline_tasks.serving.follower import Follower
from pipeline_tasks.serving.last_good import LastGood
from pipeline_tasks.serving.limits import ServerLimits
from pipeline_tasks.serving.metrics import Metrics
from pipeline_tasks.serving.prediction_log import PredictionLog
from pipeline_tasks.serving.prediction_threads import PredictionThreads
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects

Asking = Callable[[httpx.AsyncClient], Coroutine[Any, Any, Any]]


class GatedDecoder:
    """Decodes in this process, when its gate is open."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.began = 0
        self.error: Exception | None = None

    def decode(self, content: bytes, form: CanonicalForm = NEWEST) -> CanonicalImage:
        self.began += 1
        assert self.gate.wait(10)
        if self.error:
            raise self.error
        return decode(content, Limits(), form)


class Bench:
    """The application with parts that a test can block."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.root, self.decoder = folder, MemoryObjects(), GatedDecoder()
        self.metrics, self.log = Metrics(), PredictionLog(folder)
        self.follower = Follower(self.root, LastGood(MemoryObjects()), "parts")
        self.prediction_threads = PredictionThreads(self.decoder, self.log, self.metrics, threads=1)
        self.limits = ServerLimits(deadline_s=5.0)

    def serve(self, content: bytes | None = None, **fields: object) -> str:
        digest = promote(self.root, content or tiny_model(), **fields)
        self.follower.look()
        return digest

    def ask(self, asking: Asking) -> Any:
        self.state = ServerState(self.follower, self.prediction_threads, self.metrics, self.limits)
        return self.run(make_application(self.state), asking)

    def run(self, application: FastAPI, asking: Asking) -> Any:
        async def run() -> Any:
            transport = httpx.ASGITransport(application, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await asking(client)

        return asyncio.run(run())

    def predict(self, content: bytes, **request: Any) -> httpx.Response:
        response: httpx.Response = self.ask(lambda client: client.post("/predict", content=content, **request))
        return response

    def logged(self) -> list[dict[str, Any]]:
        assert self.log.flush()
        return [json.loads(line) for line in (self.folder / "predictions.jsonl").read_text().splitlines()]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.decoder.gate.set()
    bench.prediction_threads.close()
    bench.log.close()


def test_predict__responds_with_the_prediction_and_its_model(bench: Bench) -> None:
    digest, content = bench.serve(), an_image((0, 255, 0))

    response = bench.predict(content).json()

    assert (response["class_name"], response["route"], response["is_unsure"]) == ("nut", "champion", False)
    assert (response["model_digest"], response["dataset_id"]) == (digest, DATASET_ID)
    assert response["probability"] == response["probabilities"]["nut"] > 0.99
    assert sum(response["probabilities"].values()) == pytest.approx(1.0)


def test_predict__logs_each_response_without_pixels(bench: Bench) -> None:
    bench.serve()

    response = bench.predict(an_image()).json()

    (logged,) = bench.logged()
    assert {name: logged[name] for name in response} == response
    assert set(logged) - set(response) == {"at", "seconds"}


def test_predict__marks_an_answer_below_the_threshold(bench: Bench) -> None:
    bench.serve(min_confidence=0.9)

    assert bench.predict(an_image((255, 255, 255))).json()["is_unsure"]


@pytest.mark.parametrize("field", ["image", "picture"])
def test_predict__takes_a_form_with_an_image(bench: Bench, field: str) -> None:
    bench.serve()

    response = bench.ask(lambda client: client.post("/predict", files={field: ("a.png", an_image(), "image/png")}))

    assert response.json()["class_name"] == "bolt"


@pytest.mark.parametrize(
    "request_parts",
    [
        {"files": {"photo": ("a.png", b"x", "image/png")}},
        {"files": [("image", ("a.png", b"x")), ("image", ("b.png", b"x"))]},
        {"data": {"image": "text"}, "files": {"other": ("a", b"x")}},
        {"content": b"no form at all", "headers": {"Content-Type": "multipart/form-data; boundary=b"}},
        {"content": b"--b", "headers": {"Content-Type": "multipart/form-data"}},
    ],
)
def test_predict__refuses_a_form_without_exactly_one_image(bench: Bench, request_parts: dict[str, Any]) -> None:
    bench.serve()

    response = bench.ask(lambda client: client.post("/predict", **request_parts))

    assert response.status_code == 400
    assert response.json()["detail"]["reason"] == "bad_form"


@pytest.mark.parametrize(
    ("content", "reason"), [(b"", "empty"), (b"hello", "not_an_image"), (an_image(file_format="JPEG")[:400], "truncated")]
)
def test_predict__refuses_what_is_no_image_with_the_reason(bench: Bench, content: bytes, reason: str) -> None:
    bench.serve()

    response = bench.predict(content)

    assert (response.status_code, response.json()["detail"]["reason"]) == (422, reason)
    assert response.json()["detail"]["why"]


def test_predict__says_that_there_is_no_model_yet(bench: Bench) -> None:
    response = bench.predict(an_image())

    assert (response.status_code, response.json()["detail"]["reason"]) == (503, "no_model")


def test_predict__refuses_a_body_by_its_announced_length(bench: Bench) -> None:
    bench.serve(max_body_bytes=1000)

    response = bench.predict(b"x" * 1001)

    assert (response.status_code, response.json()["detail"]["why"]) == (413, "An image may have 1000 bytes.")


def test_predict__counts_a_body_without_a_length_as_it_arrives(bench: Bench) -> None:
    bench.serve(max_body_bytes=1000)

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 100

    response = bench.ask(lambda client: client.post("/predict", content=endless()))

    assert response.status_code == 413


def test_predict__bounds_all_bodies_together(bench: Bench) -> None:
    bench.limits = ServerLimits(max_buffered_bodies=0)
    bench.serve()

    response = bench.predict(an_image())

    assert (response.status_code, response.headers["Retry-After"]) == (429, "1")


def test_predict__refuses_requests_beyond_its_queue(bench: Bench) -> None:
    bench.serve(max_waiting=2)
    bench.decoder.gate.clear()

    async def crowd(client: httpx.AsyncClient) -> list[httpx.Response]:
        waiting = [asyncio.create_task(client.post("/predict", content=an_image(seed=one))) for one in range(2)]
        await _until(lambda: bench.decoder.began == 1 and bench.state.metrics.admitted._value.get() == 2)
        refused = await client.post("/predict", content=an_image(seed=9))
        bench.decoder.gate.set()
        return [*await asyncio.gather(*waiting), refused, await client.post("/predict", content=an_image(seed=10))]

    responses = bench.ask(crowd)

    assert [response.status_code for response in responses] == [200, 200, 429, 200]
    assert responses[2].headers["Retry-After"] == "1"
    assert responses[2].json()["detail"]["reason"] == "too_busy"


def test_predict__responds_504_at_the_deadline_and_429_to_a_request_that_never_began(bench: Bench) -> None:
    bench.limits = ServerLimits(deadline_s=0.2)
    bench.serve()
    bench.decoder.gate.clear()

    async def crowd(client: httpx.AsyncClient) -> list[httpx.Response]:
        return await asyncio.gather(*(client.post("/predict", content=an_image(seed=one)) for one in range(2)))

    responses = bench.ask(crowd)

    assert sorted(response.status_code for response in responses) == [429, 504]
    bench.decoder.gate.set()
    bench.prediction_threads.close()
    assert bench.metrics.admitted._value.get() == 0
    assert bench.logged() == []


def test_predict__responds_429_when_no_decoder_starts(bench: Bench) -> None:
    bench.serve()
    bench.decoder.error = ServiceUnavailableError("no child can be started")

    assert bench.predict(an_image()).status_code == 429


def test_predict__does_not_run_the_model_for_a_client_that_left(bench: Bench) -> None:
    bench.serve()
    bench.decoder.gate.clear()

    async def leave(client: httpx.AsyncClient) -> int:
        return await _post_and_leave(make_application(bench.state), an_image(), lambda: bench.decoder.began == 1)

    bench.ask(leave)
    bench.decoder.gate.set()
    bench.prediction_threads.close()

    assert bench.metrics.abandoned._value.get() == 1
    assert bench.logged() == []


def test_readyz__says_what_is_served_and_what_was_refused(bench: Bench) -> None:
    before = bench.ask(lambda client: client.get("/readyz"))
    digest = bench.serve()
    bench.serve(tiny_model(smoke_shift=0.1))
    after = bench.ask(lambda client: client.get("/readyz"))

    assert (before.status_code, before.json()["why"]) == (503, "There is no model yet.")
    assert (after.status_code, after.json()["model_digest"]) == (200, digest)
    assert "smoke image 1 are off by 0.1" in after.json()["why"]


def test_readyz__is_false_during_the_shutdown(bench: Bench) -> None:
    bench.serve()

    async def drain(client: httpx.AsyncClient) -> list[httpx.Response]:
        bench.state.is_draining = True
        return [await client.get("/readyz"), await client.get("/healthz"), await client.post("/predict", content=an_image())]

    assert [response.status_code for response in bench.ask(drain)] == [503, 200, 200]


def test_metrics__count_requests_and_outcomes(bench: Bench) -> None:
    bench.serve()
    bench.predict(an_image())
    bench.predict(b"hello")

    text = bench.ask(lambda client: client.get("/metrics")).text

    assert 'nightlens_requests_total{status="200"} 1.0' in text
    assert 'nightlens_requests_total{status="422"} 1.0' in text
    assert "nightlens_generation 1.0" in text


async def _until(condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("this never happened")


async def _post_and_leave(
    application: Any,
    content: bytes,
    when: Callable[[], bool],
    path: str = "/predict",
    headers: Sequence[tuple[bytes, bytes]] = (),
) -> int:
    """Speak ASGI like a server whose client hangs up."""
    messages: list[dict[str, Any]] = [{"type": "http.request", "body": content, "more_body": False}]
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop()
        await _until(when)
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers, "http_version": "1.1"}
    await application(scope, receive, send)
    return statuses[0]


@pytest.mark.parametrize("damage", ["half_then_end", "zeros_inside", "half_then_zeros", "tail_of_another", "joined"])
def test_predict__refuses_a_damaged_file_in_the_words_of_ingest(bench: Bench, damage: str) -> None:
    bench.serve()
    whole, other = (ENCODINGS["jpeg"].encode(a_drawn_image(np.random.default_rng(number), 160)) for number in range(2))
    damaged = DAMAGES[damage](whole, other, ENCODINGS["jpeg"], np.random.default_rng(3))
    with pytest.raises(RejectedFileError) as refused:
        decode(damaged, Limits())

    response = bench.predict(damaged)

    assert response.status_code == 422
    assert refused.value.reason in response.text
    assert refused.value.detail in response.json()["detail"]["why"]


def test_predict__takes_the_used_bits_from_the_sources_or_the_request(bench: Bench) -> None:
    few = a_png(np.tile(ramp(12), (20, 1)))
    bench.serve()
    assert "uses 12 of 16 bits" in bench.predict(few).text
    assert bench.predict(few, params={"bit_depth": "12"}).status_code == 200
    assert bench.predict(few, params={"bit_depth": "many"}).status_code == 422

    bench.serve(bit_depth=12)

    assert bench.predict(few).status_code == 200


def test_predict__draws_the_prediction_over_the_upright_image(bench: Bench) -> None:
    bench.serve()

    drawn = bench.ask(lambda client: client.post("/predict?draw=1", content=an_image((255, 0, 0))))

    with PillowImage.open(io.BytesIO(drawn.content)) as image:
        assert (drawn.status_code, image.format, image.size) == (200, "JPEG", (48, 48))
    (logged,) = bench.logged()
    assert drawn.headers["Nightlens-Prediction-Id"] == logged["prediction_id"]


def test_predict__refuses_another_value_of_draw(bench: Bench) -> None:
    bench.serve()

    refused = bench.ask(lambda client: client.post("/predict?draw=yes", content=an_image()))

    assert (refused.status_code, refused.json()["detail"]["reason"]) == (422, "bad_draw")
