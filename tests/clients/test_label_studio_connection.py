"""Personal access tokens: renewed, expired, refused."""

from __future__ import annotations

import time

import httpx
import jwt
import pytest

from pipeline_tasks.clients.label_studio_connection import Connection
from pipeline_tasks.errors import ServiceRefusedError, ServiceUnavailableError


def a_token(lifetime_s: int, kind: str = "refresh") -> str:
    return jwt.encode({"exp": int(time.time()) + lifetime_s, "token_type": kind}, "k" * 32, algorithm="HS256")


def a_connection(token: str, renewal: httpx.Response) -> Connection:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/token/refresh/":
            return renewal
        return httpx.Response(200, json={"asked_with": request.headers["Authorization"].split()[0]})

    return Connection("http://label-studio/", token, transport=httpx.MockTransport(handle))


def test_connection__renews_a_personal_access_token() -> None:
    connection = a_connection(a_token(3600), httpx.Response(200, json={"access": a_token(300, "access")}))

    assert connection.get("api/version") == {"asked_with": "Bearer"}
    connection.close()


def test_connection__refuses_an_expired_token_at_once() -> None:
    with pytest.raises(ServiceRefusedError, match="the token has expired"):
        a_connection(a_token(-10), httpx.Response(200))


def test_connection__says_when_a_token_cannot_be_renewed() -> None:
    with pytest.raises(ServiceRefusedError, match="the token cannot be renewed"):
        a_connection(a_token(3600), httpx.Response(401, json={"detail": "blacklisted"})).get("api/version")


def test_connection__raises_an_error_to_retry_when_a_proxy_responds_to_a_renewal() -> None:
    with pytest.raises(ServiceUnavailableError, match="without JSON"):
        a_connection(a_token(3600), httpx.Response(502, text="<html>")).get("api/version")
