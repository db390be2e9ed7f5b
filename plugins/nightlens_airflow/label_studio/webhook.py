"""Receiver of Label Studio's webhooks in the triggerer: a hint to look earlier, and never more than that.

Label Studio sends each webhook once, unsigned, and knows no retry, so that nothing depends on one. A hint must bring the
connection's secret in a header, name a project that somebody waits for, be young and be new; its content is not used.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone

from pipeline_tasks.clients.label_studio_poller import Poller

SECRET_HEADER = "x-webhook-secret"
MOST_BYTES = 1_000_000
OLDEST_S = 300.0
_HEAD_BYTES = 16_384
_READ_S = 5.0
_REMEMBERED = 10_000
_REASONS = {202: "Accepted", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 405: "Method Not Allowed"} | {
    408: "Request Timeout", 409: "Conflict", 411: "Length Required", 413: "Content Too Large", 422: "Unprocessable Content"
}  # fmt: skip


@dataclass
class WebhookReceiver:
    """Decides on one request after the other, for all connections with this place; `hints` counts the accepted ones."""

    pollers: dict[str, tuple[str, Poller]]
    """Connection → its secret, and the poller of its server."""
    now: Callable[[], datetime] = lambda: datetime.now(timezone.utc)
    hints: int = 0
    _seen: dict[str, None] = field(default_factory=dict)

    def refuse_head(self, method: str, headers: Mapping[str, str]) -> int | None:
        """The status that refuses a request before its body is read; None if it may be read."""
        if not self._told_by(headers):
            return 401
        if method != "POST":
            return 405
        length = headers.get("content-length", "")
        if not length.isdigit():
            return 411
        return 413 if len(length) > 9 or int(length) > MOST_BYTES else None

    def take(self, body: bytes, headers: Mapping[str, str]) -> int:
        """Status for a body; a hint that is taken wakes the poller of the connection whose secret it brings."""
        try:
            content = json.loads(body)
            project_id, moment = _project_of(content), _moment_of(content)
        except (ValueError, TypeError, KeyError, RecursionError):
            return 400
        waiting = [poller for poller in self._told_by(headers) if poller.waits_for(project_id)]
        if not waiting:
            return 404
        if moment is None or abs((self.now() - moment).total_seconds()) > OLDEST_S:
            return 422
        digest = hashlib.sha256(_secret_in(headers) + body).hexdigest()
        if digest in self._seen:
            return 409
        self._seen[digest] = None
        if len(self._seen) > _REMEMBERED:
            del self._seen[next(iter(self._seen))]
        self.hints += 1
        for poller in waiting:
            poller.wake()
        return 202

    async def serve(self, host: str, port: int) -> asyncio.Server:
        """Listen; requests are read with limits of bytes and time."""
        return await asyncio.start_server(self._respond, host, port, limit=_HEAD_BYTES)

    async def _respond(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            status = await asyncio.wait_for(self._read(reader), _READ_S)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, UnicodeDecodeError, ValueError):
            status = 400
        except TimeoutError:
            status = 408
        with contextlib.suppress(ConnectionError):
            writer.write(f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()
        writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> int:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        refused = self.refuse_head(first.partition(" ")[0], headers)
        return refused if refused is not None else self.take(await reader.readexactly(int(headers["content-length"])), headers)

    def _told_by(self, headers: Mapping[str, str]) -> list[Poller]:
        """Pollers of the connections whose secret a request brings."""
        said = _secret_in(headers)
        return [poller for secret, poller in self.pollers.values() if hmac.compare_digest(said, secret.encode())]


def _secret_in(headers: Mapping[str, str]) -> bytes:
    return headers.get(SECRET_HEADER, "").encode()


def _project_of(content: object) -> int:
    """Number of the project that a webhook names."""
    if not isinstance(content, dict):
        raise TypeError("wanted an object")
    project = content.get("project")
    number = project.get("id") if isinstance(project, dict) else project
    if not isinstance(number, int) or isinstance(number, bool):
        raise TypeError("wanted a project")
    return number


def _moment_of(content: object) -> datetime | None:
    """Time of the change that a webhook tells of; None if it says none."""
    annotation = content.get("annotation") if isinstance(content, dict) else None
    said = annotation.get("updated_at") if isinstance(annotation, dict) else None
    moment = datetime.fromisoformat(said) if isinstance(said, str) else None
    return moment if moment is not None and moment.tzinfo is not None else None
