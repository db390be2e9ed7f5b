"""Client of the prediction server, for stages and tools."""

from __future__ import annotations

import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import httpx

from pipeline_tasks.errors import ServiceRefusedError, ServiceUnavailableError

ASK_EVERY_S = 0.25


@dataclass(frozen=True)
class Readiness:
    """The server's state as it reports it."""

    is_ready: bool
    model_digest: str | None
    why: str
    """The reason why the server is not ready or refused the newest pointer; empty if there is no problem."""


class PredictionServer:
    """A prediction server at one address."""

    def __init__(self, url: str, transport: httpx.BaseTransport | None = None) -> None:
        """Use the server at `url`; `transport` stands in for the network in tests."""
        self.url = url
        self._client = httpx.Client(base_url=url, timeout=5.0, transport=transport, trust_env=False)

    def __enter__(self) -> PredictionServer:
        """Return the client; its connections close with the block."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the connections."""
        self._client.close()

    def readiness(self) -> Readiness:
        """Ask which model is being served.

        Raises:
            ServiceUnavailableError: the server does not respond.
        """
        fields = self._asked("GET", "/readyz", also_fine=(503,)).json()
        return Readiness(
            bool(fields.get("is_ready")), fields.get("model_digest"), str(fields.get("why") or fields.get("detail") or "")
        )

    def wait_for(self, model_digest: str, within_s: float) -> Readiness | None:
        """Ask until the server serves this model or the time is up; None if it never responded."""
        until = time.monotonic() + within_s
        last: Readiness | None = None
        while True:
            try:
                last = self.readiness()
            except ServiceUnavailableError:
                last = None
            if (last is not None and last.is_ready and last.model_digest == model_digest) or time.monotonic() >= until:
                return last
            time.sleep(ASK_EVERY_S)

    def predict(self, content: bytes) -> dict[str, Any]:
        """Get the prediction for one image.

        Raises:
            ServiceUnavailableError: the server does not respond, is overloaded or has no model.
            ServiceRefusedError: it refuses this image.
        """
        response = self._asked("POST", "/predict", content=content, headers={"Content-Type": "application/octet-stream"})
        prediction: dict[str, Any] = response.json()
        return prediction

    def _asked(self, method: str, path: str, also_fine: tuple[int, ...] = (), **request: Any) -> httpx.Response:
        try:
            response = self._client.request(method, path, **request)
        except httpx.HTTPError as error:
            raise ServiceUnavailableError(f"prediction server {self.url}: {type(error).__name__}: {error}") from error
        if response.is_success or response.status_code in also_fine:
            return response
        sentence = f"prediction server {self.url}{path}: answered {response.status_code}: {response.text[:300]}"
        if response.status_code == 429 or response.status_code >= 500:
            raise ServiceUnavailableError(sentence)
        raise ServiceRefusedError(sentence)
