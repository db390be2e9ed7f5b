"""Gate before the HTTP API: without a key a request is refused before its body is read."""

from __future__ import annotations

from fastapi import HTTPException
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from pipeline_tasks.serving.api_keys import ApiKeys
from pipeline_tasks.serving.body import linger
from pipeline_tasks.serving.metrics import Metrics
from pipeline_tasks.serving.refusal import refusal

OPEN_PATHS = frozenset(
    {"/healthz", "/readyz", "/docs", "/openapi.json", "/prediction.proto", "/v2", "/v2/health/live", "/v2/health/ready"}
)
"""Paths that need no key: probes cannot send one, and the documentation says how to."""
OPEN_PREFIXES = ("/label_studio/",)
"""Label Studio sends a token of its own."""
KEY_HEADER = "x-api-key"


class KeyGate:
    """An ASGI application in front of another."""

    def __init__(self, application: ASGIApp, keys: ApiKeys, metrics: Metrics) -> None:
        """Let requests with one of `keys` through to `application`, and all requests to open paths."""
        self._application, self._keys, self._metrics = application, keys, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request, or refuse it with 401."""
        if scope["type"] == "http" and not _is_open(scope["path"]):
            headers = Headers(scope=scope)
            try:
                check(self._keys, headers.get("authorization", ""), headers.get(KEY_HEADER, ""))
            except HTTPException as error:
                self._metrics.requests.labels(str(error.status_code)).inc()
                if "expect" not in headers:
                    await linger(receive)
                await JSONResponse({"detail": error.detail}, error.status_code, error.headers)(scope, receive, send)
                return
        await self._application(scope, receive, send)


def check(keys: ApiKeys | None, authorization: str, key: str) -> None:
    """Check what a client sent: `Authorization: Bearer KEY`, or `X-Api-Key: KEY`.

    Raises:
        HTTPException: 401, it is not one of the keys, or none was sent.
    """
    scheme, _, value = authorization.partition(" ")
    sent = key or (value.strip() if scheme.lower() == "bearer" else "")
    if keys is None or keys.accepts(sent):
        return
    found = "another one" if sent else "none"
    why = f"Wanted one of this server's API keys as `Authorization: Bearer KEY` or `X-Api-Key: KEY`, found {found}."
    raise refusal(401, "wrong_key", why, {"WWW-Authenticate": 'Bearer realm="Nightlens"', "Connection": "close"})


def _is_open(path: str) -> bool:
    return path in OPEN_PATHS or path.startswith(OPEN_PREFIXES)
