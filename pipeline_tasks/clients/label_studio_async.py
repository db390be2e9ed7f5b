"""Asynchronous requests to Label Studio; renews a personal access token without blocking the event loop, as the SDK does not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from pipeline_tasks.clients.label_studio_errors import detail_of, refusal
from pipeline_tasks.clients.label_studio_tokens import check_token, kind_of_token
from pipeline_tasks.errors import ServiceRefusedError, ServiceUnavailableError, SettingsError

_TIMEOUT_S = 60.0
_ACCESS_S = 240.0
"""An access token lives 300 seconds."""


class AsyncConnection:
    """GET requests to one server, no more than so many a minute, whoever asks."""

    def __init__(
        self, url: str, token: str | None, *, requests_per_minute: float = 60.0, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        """Connect lazily.

        Raises:
            SettingsError: there is no token, or one that never works.
        """
        self.url, self._token = url.rstrip("/"), (token or "").strip()
        why_not = check_token(self._token, self.url) if self._token else f"wanted an API token for {self.url}, found none"
        if why_not is not None:
            raise SettingsError(f"label_studio: {why_not}")
        self._pause_s = 60.0 / requests_per_minute
        self._transport = transport
        self._http: httpx.AsyncClient | None = None
        self.sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
        self._turn, self._next_at = asyncio.Lock(), 0.0
        self._access, self._access_until = "", 0.0

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.aclose()

    async def get(self, path: str, **parameters: Any) -> Any:
        """Send a GET request when its turn has come; returns parsed JSON.

        Raises:
            ServiceUnavailableError: no response, or one that says to try later.
            NotThereError: the object does not exist.
            ServiceRefusedError: any other error status, or a response that is not from Label Studio.
        """
        header = await self._authorization()
        response = await self._send("GET", path, params=parameters, headers={"Authorization": header})
        if response.status_code == 401 and self._access:
            self._access_until = 0.0  # Renewed at the next request: the server may have ended it early.
        return _content(self.url, self._token, response, f"GET {path}")

    async def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        async with self._turn:
            now = time.monotonic()
            if now < self._next_at:
                await self.sleep(self._next_at - now)
            self._next_at = max(now, self._next_at) + self._pause_s
            if self._http is None:
                self._http = await asyncio.to_thread(self._open)
            http: httpx.AsyncClient = self._http
        try:
            return await http.request(method, f"{self.url}/{path}", **more)
        except httpx.HTTPError as error:
            said = f"label_studio: {self.url} does not answer ({method} {path}): {type(error).__name__}"
            raise ServiceUnavailableError(said) from error

    def _open(self) -> httpx.AsyncClient:
        """Make the client; it reads the certificates of all authorities, which takes longer than an event loop may wait."""
        return httpx.AsyncClient(transport=self._transport, timeout=_TIMEOUT_S, follow_redirects=True)

    async def _authorization(self) -> str:
        if kind_of_token(self._token) != "personal":
            return f"Token {self._token}"
        if time.monotonic() >= self._access_until:
            response = await self._send("POST", "api/token/refresh/", json={"refresh": self._token})
            self._access = str(_content(self.url, self._token, response, "POST api/token/refresh/")["access"])
            self._access_until = time.monotonic() + _ACCESS_S
        return f"Bearer {self._access}"


def _content(url: str, token: str, response: httpx.Response, what: str) -> Any:
    if response.is_error:
        raise refusal(url, token, response.status_code, what, detail_of(response))
    try:
        return response.json()
    except ValueError as error:
        raise ServiceRefusedError(f"label_studio: {url} ({what}): wanted JSON; is the address right?") from error
