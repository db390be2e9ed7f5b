"""Connections to checked addresses, within a time that counts for all of an answer."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

import httpcore

from pipeline_tasks.sources.web.host_rules import HostRules

Resolve = Callable[[str, int], Sequence[str]]
"""Host and port → its IP addresses."""
_until: ContextVar[float] = ContextVar("_until", default=float("inf"))


class PrivateAddressError(Exception):
    """A host resolves to an address that the source may not connect to."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Let everything that is sent and received inside end after so many seconds, by `httpcore.TimeoutException`."""
    token = _until.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _until.reset(token)


def resolved(host: str, port: int) -> list[str]:
    """The IP addresses of a host, in the system's order.

    Raises:
        httpcore.ConnectError: it has none.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"the name {host} cannot be resolved: {error}") from error
    return list(dict.fromkeys(str(one[4][0]) for one in found))


class CheckedNetwork(httpcore.NetworkBackend):
    """Resolves a name once, checks every address found, and connects to one of these, so that no second answer counts.

    The certificate is still compared with the name.
    """

    def __init__(self, rules: HostRules, resolve: Resolve = resolved, inner: httpcore.NetworkBackend | None = None) -> None:
        """`inner` makes the connections."""
        self._rules, self._resolve = rules, resolve
        self._inner = inner or httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to a host.

        Raises:
            PrivateAddressError: one of its addresses may not be used.
            httpcore.ConnectError: it has no address, or none answers.
        """
        addresses = self._resolve(host, port)
        for address in addresses:
            why = self._rules.why_not_at(host, port, address)
            if why is not None:
                raise PrivateAddressError(why)
        last: Exception = httpcore.ConnectError(f"the name {host} has no address")
        for address in addresses:
            try:
                return _Timed(self._inner.connect_tcp(address, port, _left(timeout), local_address, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise last


class _Timed(httpcore.NetworkStream):
    """A stream whose every step also ends at the time of `within`: a drop of bytes now and then does not prolong an answer."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Receive bytes in what is left of the time."""
        return self._inner.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send bytes in what is left of the time."""
        self._inner.write(buffer, _left(timeout))

    def close(self) -> None:
        """Close the inner stream."""
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Encrypt the stream in what is left of the time."""
        return _Timed(self._inner.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> object:
        """Tell what the inner stream tells."""
        return self._inner.get_extra_info(info)


def _left(timeout: float | None) -> float:
    left = _until.get() - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time for this answer is over")
    return left if timeout is None else min(left, timeout)
