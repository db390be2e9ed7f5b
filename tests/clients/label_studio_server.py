"""A real Label Studio for tests: the one that the environment names, or one started for the session."""

from __future__ import annotations

import os
import re
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

PROGRAM = Path(__file__).parents[2] / ".venv-label-studio" / "bin" / "label-studio"


@dataclass(frozen=True)
class RealLabelStudio:
    """Where it is, what opens it, and the folder below which it shows images."""

    url: str
    token: str
    document_root: Path


@contextmanager
def real_label_studio(folder: Path) -> Iterator[RealLabelStudio]:
    """Give the server of NIGHTLENS_TEST_LABEL_STUDIO_URL, _TOKEN and _DOCUMENT_ROOT, else start one on SQLite."""
    url = os.environ.get("NIGHTLENS_TEST_LABEL_STUDIO_URL")
    if url:
        root = Path(os.environ["NIGHTLENS_TEST_LABEL_STUDIO_DOCUMENT_ROOT"])
        yield RealLabelStudio(url, os.environ["NIGHTLENS_TEST_LABEL_STUDIO_TOKEN"], root)
        return
    if not PROGRAM.exists():
        pytest.skip("needs Label Studio: no .venv-label-studio here and NIGHTLENS_TEST_LABEL_STUDIO_URL is not set")
    server = RealLabelStudio(f"http://127.0.0.1:{_free_port()}", secrets.token_hex(20), folder / "for_people")
    server.document_root.mkdir()
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(_command(server), env=_environment(server, folder), stdout=log, stderr=log)
        try:
            _wait_until_it_answers(server.url, process, folder / "log.txt")
            yield server
        finally:
            process.terminate()
            process.wait(20)


def sign_up(server: RealLabelStudio, email: str) -> httpx.Client:
    """A new account by the invite link, as a person would; returns a client that asks as this person."""
    owner = httpx.Client(base_url=server.url, headers={"Authorization": f"Token {server.token}"}, timeout=60)
    link = owner.get("/api/invite").json()["invite_url"]
    person = httpx.Client(base_url=server.url, follow_redirects=True, timeout=60)
    page = person.get(link).text
    csrf = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert csrf, page[:500]
    form = {"csrfmiddlewaretoken": csrf[1], "email": email, "password": secrets.token_urlsafe(12), "allow_newsletters": "false"}
    person.post(link, data=form, headers={"Referer": server.url}).raise_for_status()
    token = person.get("/api/current-user/token").json()["token"]
    return httpx.Client(base_url=server.url, headers={"Authorization": f"Token {token}"}, timeout=60)


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def _command(server: RealLabelStudio) -> list[str]:
    port = server.url.rsplit(":", 1)[1]
    return [str(PROGRAM), "start", "--no-browser", "--internal-host", "127.0.0.1", "-p", port, "--enable-legacy-api-token"]


def _environment(server: RealLabelStudio, folder: Path) -> dict[str, str]:
    return os.environ | {
        "LABEL_STUDIO_BASE_DATA_DIR": str(folder / "data"),
        "LABEL_STUDIO_HOST": server.url,
        "LABEL_STUDIO_USERNAME": "service@example.com",
        "LABEL_STUDIO_PASSWORD": secrets.token_urlsafe(12),
        "LABEL_STUDIO_USER_TOKEN": server.token,
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
        "LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED": "true",
        "LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT": str(server.document_root),
        "COLLECT_ANALYTICS": "false",
        "LATEST_VERSION_CHECK": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
        "SECRET_KEY": secrets.token_hex(32),
        "DEBUG": "false",
    }


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes], log: Path, limit_s: float = 240) -> None:
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()[-3000:]
        try:
            if httpx.get(f"{url}/health", timeout=5).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.5)
    raise AssertionError(f"Label Studio did not answer within {limit_s} s: {log.read_text()[-3000:]}")
