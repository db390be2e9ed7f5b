"""Get what lies at an address: redirects checked one by one, tries repeated where a host asks for it, bytes and seconds limited."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from functools import cache

import httpcore
import httpx

from pipeline_tasks.sources.web.address import Address
from pipeline_tasks.sources.web.host_rules import HostRules
from pipeline_tasks.sources.web.network import CheckedNetwork, PrivateAddressError, within
from pipeline_tasks.sources.web.pace import LONGEST_WAIT_S, Pace

TRIES = 4
REDIRECTS = {301, 302, 303, 307, 308}
MOST_REDIRECTS = 5
PASSING = {429, 500, 502, 503, 504}
"""Statuses after which the same request may succeed."""
NO_HEAD = {403, 405, 501}
"""Statuses with which a host answers a HEAD though it would answer a GET."""
FIRST_PAUSE_S = 1.0
"""Pause before the second try where the host names none; it doubles with each try."""
CONNECT_S = 10.0
SAID_BYTES = 2_000
"""Bytes of an answer that is an error."""
CONNECTIONS = 32


class NotFetchedError(Exception):
    """Nothing usable came from an address: `reason` is one of `rejected_sighting.REASONS`; `is_passing`: it may later."""

    def __init__(self, reason: str, detail: str, *, is_passing: bool = False, status: int | None = None) -> None:
        """Keep what is said of it; `status` is that of the answer, if there was one."""
        super().__init__(detail)
        self.reason, self.detail, self.is_passing, self.status = reason, detail, is_passing, status


@dataclass(frozen=True)
class Wanted:
    """Limits of one answer, and the headers to ask with."""

    max_bytes: int
    max_s: float
    own_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Sent to the origin of the first address only, whatever it redirects to."""
    method: str = "GET"
    is_body_read: bool = True


@dataclass(frozen=True)
class Response:
    """A whole answer with a status below 400."""

    address: Address
    """The last one, behind all redirects."""
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


CheckAddress = Callable[[Address], None]
"""Raises NotFetchedError for an address that must not be asked for."""


class Fetcher:
    """Asks within the rules for hosts and the pace. Many threads may ask at once."""

    def __init__(self, rules: HostRules, pace: Pace, user_agent: str, network: httpcore.NetworkBackend | None = None) -> None:
        """`network` makes the connections, by default with every address checked."""
        self._rules, self._pace = rules, pace
        self._standing = {"User-Agent": user_agent, "Accept": "*/*", "Accept-Encoding": "identity"}
        self._pool = httpcore.ConnectionPool(
            ssl_context=_certificates(),
            max_connections=CONNECTIONS,
            keepalive_expiry=5.0,
            network_backend=network or CheckedNetwork(rules),
        )

    def get(self, first: Address, wanted: Wanted, check: CheckAddress | None = None) -> Response:
        """Ask for an address and follow its redirects; `check` is asked about each address on the way.

        Raises:
            NotFetchedError: with the reason.
        """
        address = first
        for _ in range(MOST_REDIRECTS + 1):
            why = self._rules.why_not(address)
            if why is not None:
                raise NotFetchedError("unreadable", why)
            if check is not None:
                check(address)
            response = self._asked(address, wanted, wanted.own_headers if address.origin == first.origin else {})
            if response.status not in REDIRECTS:
                return response
            address = _next(response)
        raise NotFetchedError("unreadable", f"{first.shown} redirects more than {MOST_REDIRECTS} times")

    def headers(self, first: Address, wanted: Wanted, check: CheckAddress | None = None) -> Mapping[str, str]:
        """The headers of what `get` would read, by a HEAD, or by a GET whose body is not read where the host knows no HEAD.

        Raises:
            NotFetchedError: with the reason.
        """
        try:
            return self.get(first, replace(wanted, method="HEAD", is_body_read=False), check).headers
        except NotFetchedError as error:
            if error.status not in NO_HEAD:
                raise
        return self.get(first, replace(wanted, is_body_read=False), check).headers

    def _asked(self, address: Address, wanted: Wanted, headers: Mapping[str, str]) -> Response:
        """The answer of one address after as many tries as it takes."""
        for tried in range(1, TRIES + 1):
            why = self._pace.why_not(address.place)
            if why is not None:
                raise NotFetchedError("unreadable", why, is_passing=True)
            self._pace.wait_for_turn(address.place)
            response = self._once(address, wanted, headers)
            if response.status < 400:
                return response
            if response.status not in PASSING or tried == TRIES:
                raise _refused(response, tried)
            self._pace.hold(address.place, _pause_s(response.headers.get("retry-after"), FIRST_PAUSE_S * 2 ** (tried - 1)))
        raise AssertionError("the last try ends by an answer or an error")

    def _once(self, address: Address, wanted: Wanted, headers: Mapping[str, str]) -> Response:
        has_responded = False
        url = httpcore.URL(scheme=address.scheme, host=address.host, port=address.port, target=address.target)
        try:
            with (
                within(wanted.max_s),
                self._pool.stream(
                    wanted.method,
                    url,
                    headers=list({"Host": address.place, **self._standing, **headers}.items()),
                    extensions={
                        "timeout": {"connect": CONNECT_S, "read": wanted.max_s, "write": wanted.max_s, "pool": wanted.max_s}
                    },
                ) as response,
            ):
                has_responded = True
                found = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
                is_read = wanted.is_body_read or response.status >= 300
                body = _body(response.iter_stream(), address, response.status, found, wanted.max_bytes) if is_read else b""
                return Response(address, response.status, body, found)
        except PrivateAddressError as error:
            has_responded = True
            raise NotFetchedError("unreadable", str(error)) from error
        except httpcore.TimeoutException as error:
            detail = f"{address.shown} did not answer wholly within {wanted.max_s:g} s"
            raise NotFetchedError("unreadable", detail, is_passing=True) from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise NotFetchedError("unreadable", f"{address.shown}: {error}", is_passing=True) from error
        finally:
            self._pace.record(address.place, has_responded=has_responded)


@cache
def _certificates() -> ssl.SSLContext:
    """Certificates to trust: those of `SSL_CERT_FILE` where it is set. Reading them takes a while, so once a process."""
    return httpx.create_ssl_context()


def _body(chunks: Iterable[bytes], address: Address, status: int, headers: Mapping[str, str], max_bytes: int) -> bytes:
    """The bytes of an answer; of an error or a redirect only the first."""
    if status >= 300:
        return _first(chunks, SAID_BYTES)
    if headers.get("content-encoding", "identity").lower() != "identity":
        detail = f"{address.shown} answers with Content-Encoding {headers['content-encoding']!r}, though none was asked for"
        raise NotFetchedError("unreadable", detail)
    stated = headers.get("content-length", "")
    too_many = f"{address.shown}: found {{}} bytes, wanted at most {max_bytes}"
    if stated.isdigit() and int(stated) > max_bytes:
        raise NotFetchedError("too_many_bytes", too_many.format(stated))
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > max_bytes:
            raise NotFetchedError("too_many_bytes", too_many.format(f"more than {max_bytes}"))
    return bytes(body)


def _first(chunks: Iterable[bytes], length: int) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) >= length:
            break
    return bytes(body[:length])


def _next(response: Response) -> Address:
    """The address that an answer redirects to."""
    to = response.headers.get("location", "")
    try:
        return Address.parse(to, response.address)
    except ValueError as error:
        raise NotFetchedError("unreadable", f"{response.address.shown} redirects to {error}") from error


def _refused(response: Response, tries: int) -> NotFetchedError:
    status, shown = response.status, response.address.shown
    if status in (404, 410):
        return NotFetchedError("vanished", f"{shown}: nothing is there (status {status})", status=status)
    said = " ".join("".join(c if c.isprintable() else " " for c in response.body.decode("utf-8", "replace")).split())[:200]
    detail = f"{shown}: status {status}{f' after {tries} tries' if tries > 1 else ''}{f': {said}' if said else ''}"
    return NotFetchedError("unreadable", detail, is_passing=status in PASSING, status=status)


def _pause_s(retry_after: str | None, otherwise: float) -> float:
    """Seconds that a host asks to wait, as a number or a time (RFC 9110)."""
    if retry_after is None:
        return otherwise
    if retry_after.strip().isdigit():
        return min(float(retry_after), 10 * LONGEST_WAIT_S)
    try:
        until = parsedate_to_datetime(retry_after)
    except (TypeError, ValueError):
        return otherwise
    until = until if until.tzinfo is not None else until.replace(tzinfo=timezone.utc)
    return min(max((until - datetime.now(timezone.utc)).total_seconds(), 0.0), 10 * LONGEST_WAIT_S)
