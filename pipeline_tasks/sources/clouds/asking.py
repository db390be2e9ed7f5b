"""Requests to a store's web interface, tried again while it is away or overloaded."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from pipeline_tasks.errors import ServiceRefusedError, ServiceUnavailableError

TRIES = 5
CONNECTIONS = 32
"""Maximum number of files that one process reads at once."""
MAX_PAGE_BYTES = 64_000_000
"""A longer page of a listing is no answer of such a store."""
_PASSING = {408, 429, 500, 502, 503, 504}
_LOCAL = {"localhost", "127.0.0.1", "::1"}

_quiet_hosts: set[str] = set()

Signed = Callable[[str, Mapping[str, str]], Mapping[str, str]]
"""Address with its query, and headers → headers with what proves who asks."""


@dataclass(frozen=True)
class StoreResponse:
    """A store's answer to one request."""

    status: int
    headers: httpx.Headers
    content: bytes


class Asking:
    """GET requests to one store, from several threads."""

    def __init__(self, where: str, signed: Signed, sleep: Callable[[float], None] = time.sleep) -> None:
        """`where` names source and bucket in messages."""
        self._where, self._signed, self._sleep = where, signed, sleep
        logging.getLogger("httpx").addFilter(_may_be_logged)
        limits = httpx.Limits(max_connections=CONNECTIONS)
        self._client = httpx.Client(timeout=httpx.Timeout(60, connect=5), limits=limits, follow_redirects=False)

    def get(self, url: str, headers: Mapping[str, str], at_most: int) -> StoreResponse:
        """Send one request; an answer that may pass is asked for again.

        Raises:
            ServiceUnavailableError: no answer, or one that may pass, also after more tries.
            ServiceRefusedError: the answer is longer than `at_most` bytes.
        """
        said = ""
        for number in range(TRIES):
            if number:
                self._sleep(0.5 * 2 ** (number - 1))
            try:
                found = self._once(url, headers, at_most)
            except httpx.TransportError as error:
                said = f"does not answer: {type(error).__name__}: {error}"
                continue
            if found.status not in _PASSING:
                return found
            said = f"is overloaded or failing (status {found.status})"
        raise ServiceUnavailableError(f"{self._where}: {said}, also after {TRIES} tries")

    def _once(self, url: str, headers: Mapping[str, str], at_most: int) -> StoreResponse:
        given = {"Accept-Encoding": "identity", **headers}
        _quiet_hosts.add(urlsplit(url).netloc)
        with self._client.stream("GET", url, headers=dict(self._signed(url, given))) as response:
            content = bytearray()
            for part in response.iter_raw():
                content += part
                if len(content) > at_most:
                    raise ServiceRefusedError(f"{self._where}: wanted an answer of {at_most} bytes at most, found a longer one")
            return StoreResponse(response.status_code, response.headers, bytes(content))


def _may_be_logged(record: logging.LogRecord) -> bool:
    """Return False for httpx's own line about a request to a store: its address may hold a SAS token, and each image has one."""
    url = record.args[1] if isinstance(record.args, tuple) and len(record.args) > 1 else ""
    return urlsplit(str(url)).netloc not in _quiet_hosts


def endpoint_problem(endpoint: str) -> str | None:
    """Reason not to send a key to an address; None if it may be used."""
    parts = urlsplit(endpoint)
    if parts.scheme == "https" and parts.hostname:
        return None
    if parts.scheme == "http" and parts.hostname in _LOCAL:
        return None
    return f"must begin with https:// (http:// on this machine alone), not {endpoint!r}"
