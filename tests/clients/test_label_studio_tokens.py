"""Tests of telling tokens apart: a refusal says which kind was given and which is wanted."""

from __future__ import annotations

import httpx
import pytest
from clients.test_label_studio_connection import a_token

from pipeline_tasks.clients.label_studio_connection import Connection
from pipeline_tasks.clients.label_studio_tokens import kind_of_token
from pipeline_tasks.errors import ServiceRefusedError, SettingsError


@pytest.mark.parametrize(
    ("token", "kind"),
    [
        (a_token(3600), "personal"),
        (a_token(300, "access"), "access"),
        ("0123456789abcdef" * 2 + "01234567", "legacy"),
        ("a.b.c", "unknown"),
        ("W10.W10.W10", "unknown"),
        ("my password", "unknown"),
    ],
)
def test_kind_of_token__recognises_each_kind_by_its_form(token: str, kind: str) -> None:
    assert kind_of_token(token) == kind


def test_connection__refuses_a_token_that_ends_after_minutes() -> None:
    with pytest.raises(SettingsError, match=r"is an access token, .* put a personal access token there"):
        Connection("http://label-studio", a_token(300, "access"))


@pytest.mark.parametrize(
    ("token", "said"),
    [("a" * 40, "legacy token; they are off unless"), ("secret", "neither a personal access token nor a legacy one")],
)
def test_connection__says_which_kind_was_refused(token: str, said: str) -> None:
    refusing = httpx.MockTransport(lambda _: httpx.Response(401, json={"detail": "Authentication credentials were not provided."}))

    with pytest.raises(ServiceRefusedError, match=said) as refusal:
        Connection("http://label-studio", token, transport=refusing).get("api/version")
    assert token not in str(refusal.value)


def test_connection__takes_a_token_with_the_line_end_of_its_file() -> None:
    seen = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["Authorization"])
        return httpx.Response(200, json={})

    Connection("http://label-studio", "a" * 40 + "\n", transport=httpx.MockTransport(handle)).get("api/version")
    assert seen == ["Token " + "a" * 40]
