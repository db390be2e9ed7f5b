"""A small SMTP server and a small web server on free ports, and a notifier, which keep what they get."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

CALLED: list[dict[str, Any]] = []
"""Contexts that `keep` was called with."""


def keep(context: dict[str, Any]) -> None:
    """A notifier of one's own."""
    CALLED.append(context)


class SmtpServer(socketserver.TCPServer):
    """Takes every mail."""

    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Smtp)
        self.mails: list[tuple[list[str], str]] = []
        """Recipients and content of each."""


class _Smtp(socketserver.StreamRequestHandler):
    server: SmtpServer

    def handle(self) -> None:
        to: list[str] = []
        self._say("220 here")
        for line in self.rfile:
            verb = line.split()[0].upper() if line.split() else b""
            if verb == b"RCPT":
                to.append(line.split(b"<")[1].split(b">")[0].decode())
            if verb == b"DATA":
                self._say("354 go on")
                self.server.mails.append((to, b"".join(iter(self.rfile.readline, b".\r\n")).decode()))
            self._say("221 bye" if verb == b"QUIT" else "250 ok")
            if verb == b"QUIT":
                return

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


class WebServer(HTTPServer):
    """Answers each post with `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Web)
        self.status = 200
        self.posts: list[tuple[str, bytes]] = []
        """Path and body of each."""


class _Web(BaseHTTPRequestHandler):
    server: WebServer

    def do_POST(self) -> None:
        self.server.posts.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[int]:
    """Serve in a thread; gives the port."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]  # type: ignore[index,misc]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
