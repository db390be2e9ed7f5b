"""Label Studio accounts for the simulated annotators, opened through the pages that people use."""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from demo.errors import DemoError
from demo.people import Person

_CSRF_FIELD = re.compile(r'name="csrfmiddlewaretoken"\s+value="([^"]+)"')


def open_accounts(url: str, owner_token: str, people: Sequence[Person], kept_file: Path) -> dict[str, str]:
    """Each person's name → their API token; a person without an account signs up by the invite link.

    Passwords are random and stored with the tokens in `kept_file`, readable by this user only, so that one can log in as an
    annotator.

    Raises:
        DemoError: Label Studio refuses an account.
    """
    with _alone(kept_file):
        kept: dict[str, dict[str, str]] = json.loads(kept_file.read_text()) if kept_file.exists() else {}
        for person in people:
            account = kept.setdefault(person.email, {"password": secrets.token_urlsafe(12)})
            _keep(kept_file, kept)
            if not _is_known(url, account.get("token")):
                account["token"] = _token_of(url, owner_token, person, account["password"])
                _keep(kept_file, kept)
        return {person.name: kept[person.email]["token"] for person in people}


@contextmanager
def _alone(kept_file: Path) -> Iterator[None]:
    """Keep other demos of this stack away from the accounts: two that begin at once would both sign the same person up."""
    kept_file.parent.mkdir(parents=True, exist_ok=True)
    with kept_file.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_known(url: str, token: str | None) -> bool:
    """Return True if a stored token is still valid."""
    if token is None:
        return False
    response = httpx.get(f"{url}/api/current-user/whoami", headers={"Authorization": f"Token {token}"}, timeout=60, trust_env=False)
    return response.status_code == 200


def _token_of(url: str, owner_token: str, person: Person, password: str) -> str:
    """Log in, or sign up by the invite link; then ask for the person's own token."""
    with httpx.Client(base_url=url, timeout=60, follow_redirects=True, trust_env=False) as browser:
        if not _submit(browser, "/user/login/", person, password):
            invited = browser.get("/api/invite", headers={"Authorization": f"Token {owner_token}"})
            _refuse(invited, "the invite link")
            if not _submit(browser, invited.json()["invite_url"], person, password):
                raise DemoError(f"Label Studio at {url} created no account for {person.email}; is there one with another password?")
        response = browser.get("/api/current-user/token")
        _refuse(response, f"the token of {person.email}")
        return str(response.json()["token"])


def _submit(browser: httpx.Client, page: str, person: Person, password: str) -> bool:
    """Submit a page's form; True if this logs in."""
    shown = browser.get(page)
    _refuse(shown, page)
    found = _CSRF_FIELD.search(shown.text)
    token = found.group(1) if found else browser.cookies.get("csrftoken", "")
    form = {"csrfmiddlewaretoken": token, "email": person.email, "password": password, "how_find_us": "", "elaborate": ""}
    browser.post(page, data=form, headers={"Referer": str(browser.base_url.join(page))})
    return browser.get("/api/current-user/whoami").status_code == 200


def _refuse(response: httpx.Response, what: str) -> None:
    if response.is_error:
        raise DemoError(f"Label Studio did not give {what}: {response.status_code} {response.text[:200]}")


def _keep(kept_file: Path, kept: dict[str, dict[str, str]]) -> None:
    with open(os.open(kept_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(kept, file)
