"""A real Label Studio for tests: its address, and accounts for annotators."""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

import httpx


@dataclass(frozen=True)
class RealLabelStudio:
    """Address, token, and folder below which it shows images."""

    url: str
    token: str
    document_root: Path

    @classmethod
    def of_environment(cls) -> RealLabelStudio | None:
        """The server of NIGHTLENS_TEST_LABEL_STUDIO_URL, _TOKEN and _DOCUMENT_ROOT, if they are set."""
        if not (url := os.environ.get("NIGHTLENS_TEST_LABEL_STUDIO_URL")):
            return None
        root = Path(os.environ["NIGHTLENS_TEST_LABEL_STUDIO_DOCUMENT_ROOT"])
        return cls(url, os.environ["NIGHTLENS_TEST_LABEL_STUDIO_TOKEN"], root)


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
