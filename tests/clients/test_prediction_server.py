from __future__ import annotations

import itertools
from collections.abc import Callable

import httpx
import pytest

from pipeline_tasks.clients import prediction_server
from pipeline_tasks.clients.prediction_server import PredictionServer, Readiness
from pipeline_tasks.errors import ServiceRefusedError, ServiceUnavailableError


def _server(answer: Callable[[httpx.Request], httpx.Response]) -> PredictionServer:
    return PredictionServer("http://test", transport=httpx.MockTransport(answer))


def _ready(digest: str) -> httpx.Response:
    return httpx.Response(200, json={"is_ready": True, "model_digest": digest, "why": ""})


def _away(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


def test_readiness__reads_what_a_server_without_a_model_says() -> None:
    with _server(lambda _: httpx.Response(503, json={"is_ready": False, "model_digest": None, "why": "no model"})) as server:
        assert server.readiness() == Readiness(False, None, "no model")


def test_readiness__names_the_server_that_does_not_respond() -> None:
    with pytest.raises(ServiceUnavailableError, match="http://test: ConnectError"):
        _server(_away).readiness()


def test_wait_for__asks_until_the_server_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prediction_server, "ASK_EVERY_S", 0.001)
    answers = itertools.chain([_ready("old"), _ready("old")], itertools.repeat(_ready("new")))

    readiness = _server(lambda _: next(answers)).wait_for("new", within_s=5)

    assert readiness is not None
    assert readiness.model_digest == "new"


def test_wait_for__returns_the_last_readiness_at_the_deadline() -> None:
    readiness = _server(lambda _: _ready("old")).wait_for("new", within_s=0)

    assert readiness is not None
    assert readiness.model_digest == "old"
    assert _server(_away).wait_for("new", within_s=0) is None


def test_predict__sends_the_bytes_and_returns_the_answer() -> None:
    server = _server(lambda request: httpx.Response(200, json={"class_name": request.content.decode()}))

    assert server.predict(b"bolt") == {"class_name": "bolt"}


@pytest.mark.parametrize(
    ("status", "error"), [(429, ServiceUnavailableError), (503, ServiceUnavailableError), (422, ServiceRefusedError)]
)
def test_predict__raises_an_error_to_retry_for_overload_and_not_for_a_refusal(status: int, error: type[Exception]) -> None:
    with pytest.raises(error, match=f"answered {status}: sorry"):
        _server(lambda _: httpx.Response(status, text="sorry")).predict(b"x")
