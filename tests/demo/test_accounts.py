"""Tests of the accounts of the simulated annotators."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs

import pytest

from demo.accounts import open_accounts
from demo.people import PEOPLE

FORM = b'<input name="csrfmiddlewaretoken" value="x">'


class _Pages(BaseHTTPRequestHandler):
    """Label Studio's pages for logging in, signing up and tokens; a second sign-up of one person is refused, as there."""

    accounts: dict[str, str] = {}

    def do_GET(self) -> None:
        who = next((one for one in self.headers.get("Cookie", "").split("; ") if one.startswith("who=")), "")
        token = self.headers.get("Authorization", "")
        if self.path == "/api/current-user/whoami":
            self._answer(200 if who or token.removeprefix("Token ") in self.accounts else 401, b"{}")
        elif self.path == "/api/current-user/token":
            self._answer(200, json.dumps({"token": who.removeprefix("who=")}).encode())
        elif self.path == "/api/invite":
            time.sleep(0.1)
            self._answer(200, b'{"invite_url": "/user/signup/"}')
        else:
            self._answer(200, FORM)

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        email, password = form["email"][0], form["password"][0]
        is_new = self.path == "/user/signup/" and email not in self.accounts
        if is_new:
            self.accounts[email] = password
        is_in = is_new or (self.path == "/user/login/" and self.accounts.get(email) == password)
        self._answer(200, b"", f"who={email}; Path=/" if is_in else None)

    def _answer(self, status: int, body: bytes, cookie: str | None = None) -> None:
        self.send_response(status)
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    _Pages.accounts = {}
    with ThreadingHTTPServer(("127.0.0.1", 0), _Pages) as server:
        Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_accounts__are_opened_once_by_two_demos_that_begin_at_once(url: str, tmp_path: Path) -> None:
    kept = tmp_path / "stack" / "accounts.json"

    with ThreadPoolExecutor(2) as demos:
        opened = list(demos.map(lambda _: open_accounts(url, "owner", PEOPLE, kept), range(2)))

    assert opened == [{person.name: person.email for person in PEOPLE}] * 2
