"""Tests of reminders of a waiting round, over a real SMTP connection and a real web hook."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_string
from email.header import decode_header, make_header
from pathlib import Path
from typing import Any

import given
import pytest
from nightlens_airflow.reminding import message_of, tell_reminders
from plugins.listening_servers import CALLED, SmtpServer, WebServer, serving

from pipeline_tasks.records.wait_for_annotators import WaitForAnnotatorsSummary
from pipeline_tasks.storage.history.reminders import told_reminders
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.wiring.projects import read_project
from pipeline_tasks.wiring.roots import open_store

pytestmark = pytest.mark.airflow

CYCLE = "2026-11-21"
URL = "http://127.0.0.1:8080/projects/1/data?tab=3"
WAITING = WaitForAnnotatorsSummary(
    round_id="belt-2026-11-21",
    tasks=40,
    answered=12,
    done_ratio=0.3,
    is_released=False,
    why="",
    ask_every_s=5.0,
    deadline_at="2026-11-22T22:00:00+00:00",
    tasks_wanted=36,
    age_s=8 * 3600 + 240,
    url=URL,
    reminders_due=["remind"],
)
SENTENCE = "belt: annotations are wanted: 12 of 40 labeling tasks are annotated after 8 h 4 min"


@pytest.fixture
def smtp(monkeypatch: pytest.MonkeyPatch) -> Iterator[SmtpServer]:
    server = SmtpServer()
    with serving(server) as port:
        extra = {"disable_ssl": True, "disable_tls": True, "from_email": "nightlens@example.org"}
        told = {"conn_type": "smtp", "host": "127.0.0.1", "port": port, "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(told))
        yield server


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    server = WebServer()
    with serving(server) as port:
        told = {"conn_type": "http", "schema": "http", "host": "127.0.0.1", "port": port, "password": "services/T0/B0/secret"}
        monkeypatch.setenv("AIRFLOW_CONN_OPS", json.dumps(told))
        yield server


def a_round(**told: Any) -> Store:
    """The root of `belt`, with a cycle whose reminders are told these ways."""
    store = open_store(read_project("belt"), None)
    reminders = {"remind_after_hours": 8, "remind": told, "escalate_after_hours": 9, "escalate": {"slack": "ops"}}
    given.an_open_cycle(store, CYCLE, project="belt", labeling={"deadline_s": 86400, "reminders": reminders})
    return store


def test_reminder__reaches_people_by_e_mail_with_the_rounds_address(projects: Path, smtp: SmtpServer) -> None:
    store = a_round(email=["ada@example.org", "bo@example.org"])

    assert tell_reminders({}, "belt", CYCLE, WAITING) is None  # type: ignore[typeddict-item]
    ((to, content),) = smtp.mails
    mail = message_from_string(content)
    (body,) = (part.get_payload(decode=True) for part in mail.walk() if part.get_content_type() == "text/html")
    assert to == ["ada@example.org", "bo@example.org"]
    assert (str(make_header(decode_header(mail["Subject"]))), mail["From"]) == (SENTENCE, "nightlens@example.org")
    assert f'href="{URL}"'.encode() in body  # type: ignore[operator]
    assert [(one.step, one.failed) for one in told_reminders(store.objects, CYCLE)] == [("remind", [])]


def test_reminder__is_posted_to_an_incoming_webhook(projects: Path, web: WebServer) -> None:
    a_round(slack="ops")
    waiting = replace(WAITING, reminders_due=["remind", "escalate"])

    assert tell_reminders({}, "belt", CYCLE, waiting) is None  # type: ignore[typeddict-item]
    (path, first), (_, second) = web.posts
    assert path == "/services/T0/B0/secret"
    assert json.loads(first)["text"].startswith(SENTENCE)
    assert json.loads(first)["text"].endswith(URL)
    assert json.loads(second)["text"].startswith("belt: labeling waits too long: 12 of 40")


def test_reminder__calls_a_notifier_of_ones_own_with_airflows_context(projects: Path) -> None:
    CALLED.clear()
    a_round(notifiers=["plugins.listening_servers:keep"])

    tell_reminders({"run_id": "run"}, "belt", CYCLE, WAITING)  # type: ignore[typeddict-item]
    (context,) = CALLED
    assert (context["run_id"], context["labeling_reminder"]["title"]) == ("run", SENTENCE)


def test_reminder__that_reaches_nobody_is_logged_without_the_secret_and_told_again(
    projects: Path, web: WebServer, caplog: pytest.LogCaptureFixture
) -> None:
    web.status = 500
    store = a_round(slack="ops", notifiers=["no.such:notifier"])

    with caplog.at_level(logging.WARNING):
        again_at = tell_reminders({}, "belt", CYCLE, WAITING)  # type: ignore[typeddict-item]
    assert again_at is not None
    assert told_reminders(store.objects, CYCLE) == []
    assert "connection ops: the webhook answers 500" in caplog.text
    assert "no.such:notifier failed: ModuleNotFoundError" in caplog.text
    assert "secret" not in caplog.text


def test_reminder__that_reaches_somebody_is_not_told_again_for_those_it_did_not_reach(projects: Path, web: WebServer) -> None:
    store = a_round(slack="ops", notifiers=["no.such:notifier"])

    assert tell_reminders({}, "belt", CYCLE, WAITING) is None  # type: ignore[typeddict-item]
    (one,) = told_reminders(store.objects, CYCLE)
    assert (one.told, len(one.failed)) == (["slack ops"], 1)


def test_message__has_no_address_for_a_round_without_one() -> None:
    assert message_of("belt", "remind", replace(WAITING, url=None)).url is None
