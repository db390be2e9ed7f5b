"""A web site on this machine: an API in pages, lists, images, robots.txt, and every way to answer badly."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from pipeline_tasks.sources.web.pace import Pace
from pipeline_tasks.sources.web.settings import WebSettings
from pipeline_tasks.sources.web.web_source import WebSource

Respond = Callable[["Handler"], None]


@dataclass
class SmallSite:
    """The pages of the site by path and query, what was asked for, and what the source slept."""

    port: int = 0
    pages: dict[str, Respond] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    knows_head: bool = True

    @property
    def place(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Address of the site."""
        return f"http://{self.place}"

    def source(self, home: Path = Path(), key: str | None = None, **settings: Any) -> WebSource:
        """A source that may ask this site, unless `private_hosts` say otherwise."""
        if "url" not in settings and "url_list" not in settings:
            settings["url"] = f"{self.url}/api"
        given = {"name": "web", "kind": "web", "private_hosts": [self.place], "requests_per_s": 1000, **settings}
        pace = Pace(given["requests_per_s"], sleep=self.slept.append)
        return WebSource(WebSettings(**given), home, key, pace=pace)

    def has(self, path: str, body: bytes | object, status: int = 200, **headers: str) -> None:
        """Answer a path with bytes, or with JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.pages[path] = lambda handler: handler.answer(content, status, headers)

    def says(self, path: str, *responses: tuple[int, dict[str, str], bytes]) -> None:
        """Answer a path differently from time to time; the last one stays."""
        left = list(responses)

        def respond(handler: Handler) -> None:
            status, headers, body = left.pop(0) if len(left) > 1 else left[0]
            handler.answer(body, status, headers)

        self.pages[path] = respond

    def redirects(self, path: str, to: str) -> None:
        """Send who asks for a path elsewhere."""
        self.pages[path] = lambda handler: handler.answer(b"", 302, {"Location": to})


class Handler(BaseHTTPRequestHandler):
    """Answers from the site's pages; 404 for others."""

    site: SmallSite

    def do_GET(self) -> None:
        """Answer one request."""
        self.site.asked.append(self.path)
        self.site.headers.append(dict(self.headers.items()))
        respond = self.site.pages.get(self.path)
        try:
            self.answer(b"no such page", 404, {}) if respond is None else respond(self)
        except (BrokenPipeError, ConnectionResetError):
            pass  # The source has seen enough.

    def do_HEAD(self) -> None:
        """Answer as a GET, without the body; 405 if the site knows no HEAD."""
        self.site.asked.append(f"HEAD {self.path}")
        respond = self.site.pages.get(self.path)
        if not self.site.knows_head:
            self.answer(b"", 405, {})
        else:
            self.answer(b"no such page", 404, {}) if respond is None else respond(self)

    def answer(self, body: bytes, status: int, headers: dict[str, str]) -> None:
        """Send a whole answer."""
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


def endless(handler: Handler) -> None:
    """Send bytes without an end."""
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"x" * 10_000)


def slow_body(handler: Handler) -> None:
    """Send a byte now and then."""
    handler.send_response(200)
    handler.end_headers()
    _drip(handler)


def slow_head(handler: Handler) -> None:
    """Send a header a byte at a time."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    _drip(handler)


def _drip(handler: Handler) -> None:
    for _ in range(200):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.02)


@contextmanager
def a_small_site() -> Iterator[SmallSite]:
    """A site that answers until the end of the block."""
    site = SmallSite()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("SiteHandler", (Handler,), {"site": site}))
    server.daemon_threads = True
    site.port = server.server_address[1]
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
