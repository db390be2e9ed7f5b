"""Tests that a webhook is a hint and nothing more: whoever sends one changes nothing but the time of the next look."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
import pytest
from nightlens_airflow.label_studio import polling
from nightlens_airflow.label_studio.webhook import MOST_BYTES, WebhookReceiver

from pipeline_tasks.clients.label_studio_async import AsyncConnection
from pipeline_tasks.clients.label_studio_poller import Poller

pytestmark = pytest.mark.airflow

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=timezone.utc)
SECRET = "s" * 16
BRINGS = {"x-webhook-secret": SECRET}


class StandInPoller:
    """Somebody waits for project 1."""

    def __init__(self) -> None:
        self.woken = 0

    def waits_for(self, project_id: int) -> bool:
        return project_id == 1

    def wake(self) -> None:
        self.woken += 1


@pytest.fixture
def poller() -> StandInPoller:
    return StandInPoller()


@pytest.fixture
def receiver(poller: StandInPoller) -> WebhookReceiver:
    return WebhookReceiver({"ls": (SECRET, poller)}, now=lambda: NOW)  # type: ignore[dict-item]


def a_hint(project: Any = 1, age_s: float = 1, **more: Any) -> bytes:
    moment = (NOW - timedelta(seconds=age_s)).isoformat()
    content = {"action": "ANNOTATION_CREATED", "project": {"id": project}, "annotation": {"id": 5, "updated_at": moment}}
    return json.dumps(content | more).encode()


def test_webhook__that_is_right_wakes_the_poller_once(receiver: WebhookReceiver, poller: StandInPoller) -> None:
    assert receiver.take(a_hint(), BRINGS) == 202
    assert [receiver.take(a_hint(), BRINGS) for _ in range(100)] == [409] * 100
    assert (poller.woken, receiver.hints) == (1, 1)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (a_hint(project=2), 404),
        (a_hint(project="1"), 400),
        (a_hint(project=True), 400),
        (a_hint(age_s=301), 422),
        (a_hint(age_s=-301), 422),
        (a_hint(annotation={"id": 5}), 422),
        (a_hint(annotation={"updated_at": "2026-11-30T12:00:00"}), 422),
        (a_hint(annotation={"updated_at": "yesterday"}), 400),
        (b"", 400),
        (b"[1]", 400),
        (b"\xff\xfe", 400),
        (b'{"project": ' + b"[" * 100_000, 400),
    ],
)
def test_webhook__that_is_old_wrong_or_broken_is_refused(
    receiver: WebhookReceiver, poller: StandInPoller, body: bytes, status: int
) -> None:
    assert receiver.take(body, BRINGS) == status
    assert poller.woken == 0


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("POST", {}, 401),
        ("POST", {"x-webhook-secret": "t" * 16}, 401),
        ("POST", {"x-webhook-secret": ""}, 401),
        ("GET", {"x-webhook-secret": SECRET}, 405),
        ("POST", {"x-webhook-secret": SECRET}, 411),
        ("POST", {"x-webhook-secret": SECRET, "content-length": "-1"}, 411),
        ("POST", {"x-webhook-secret": SECRET, "content-length": str(MOST_BYTES + 1)}, 413),
        ("POST", {"x-webhook-secret": SECRET, "content-length": "9" * 5_000}, 413),
        ("POST", {"x-webhook-secret": SECRET, "content-length": "10"}, None),
    ],
)
def test_webhook__is_refused_before_its_body_is_read(
    receiver: WebhookReceiver, method: str, headers: dict[str, str], status: int | None
) -> None:
    assert receiver.refuse_head(method, headers) == status


def test_webhook__over_a_socket_makes_the_next_look_begin_at_once() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        counts = {"task_number": 1, "total_annotations_number": 1, "finished_task_number": 1, "skipped_annotations_number": 0}
        return httpx.Response(200, json={"results": [{"id": 1, "label_config": "<View/>"} | counts]})

    async def hints() -> list[int]:
        connection = AsyncConnection("http://ls", "a" * 40, requests_per_minute=6000, transport=httpx.MockTransport(answer))
        poller = Poller(connection)
        listening = await WebhookReceiver({"ls": (SECRET, poller)}, now=lambda: NOW).serve("127.0.0.1", 0)
        address = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/hook"
        waiting = asyncio.create_task(poller.look(1, None, 3600))
        await asyncio.sleep(0)
        async with httpx.AsyncClient() as sender:
            forged = await sender.post(address, content=a_hint())
            # The connection is closed before all of it was sent, which this client may take for an error.
            with contextlib.suppress(httpx.TransportError):
                large = await sender.post(address, content=b" " * 10_000_000, headers={"X-Webhook-Secret": SECRET})
                assert large.status_code == 413
            assert asked == []
            right = await sender.post(address, content=a_hint(), headers={"X-Webhook-Secret": SECRET})
        assert (await asyncio.wait_for(waiting, 5)).answered == 1
        listening.close()
        return [forged.status_code, right.status_code]

    assert asyncio.run(hints()) == [401, 202]


def test_webhooks__are_taken_at_loopback_alone_and_with_the_secret_of_today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "_READ_AGAIN_S", -1.0)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    def connect(secret: str) -> None:
        extra = {"webhook_port": port, "webhook_secret": secret}
        connection = {"conn_type": "label_studio", "host": "http://127.0.0.1:9", "password": "a" * 40, "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_HOOKED", json.dumps(connection))

    async def hint(host: str, secret: str) -> int:
        async with httpx.AsyncClient() as sender:
            headers = {"X-Webhook-Secret": secret}
            return (await sender.post(f"http://{host}:{port}/", content=b"{}", headers=headers)).status_code

    async def hints() -> list[int]:
        connect(SECRET)
        await polling.poller_of_connection("hooked")
        with pytest.raises(httpx.ConnectError):
            # Also an address of this machine, but not the one at which it listens.
            await hint("127.0.0.2", SECRET)
        before = [await hint("127.0.0.1", SECRET), await hint("127.0.0.1", "t" * 16)]
        connect("t" * 16)
        await polling.poller_of_connection("hooked")
        return [*before, await hint("127.0.0.1", SECRET), await hint("127.0.0.1", "t" * 16)]

    assert asyncio.run(hints()) == [400, 401, 401, 400]


def test_webhooks__of_two_connections_at_one_port_each_wake_their_own_server() -> None:
    one, other = StandInPoller(), StandInPoller()
    both = WebhookReceiver({"one": (SECRET, one), "other": ("t" * 16, other)}, now=lambda: NOW)  # type: ignore[dict-item]

    assert [both.take(a_hint(), BRINGS), both.take(a_hint(), {"x-webhook-secret": "t" * 16})] == [202, 202]
    assert (one.woken, other.woken) == (1, 1)
    assert both.refuse_head("POST", {"x-webhook-secret": "u" * 16}) == 401


def test_webhooks__of_two_connections_at_one_port_are_both_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for name, secret in (("ONE", SECRET), ("OTHER", "t" * 16)):
        extra = {"webhook_port": port, "webhook_secret": secret}
        connection = {"conn_type": "label_studio", "host": f"http://{name}:9", "password": "a" * 40, "extra": extra}
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps(connection))

    async def hints() -> list[int]:
        for name in ("one", "other"):
            await polling.poller_of_connection(name)
        async with httpx.AsyncClient() as sender:
            secrets = [SECRET, "t" * 16, "u" * 16]
            sent = [sender.post(f"http://127.0.0.1:{port}/", content=b"{}", headers={"X-Webhook-Secret": one}) for one in secrets]
            return [answer.status_code for answer in await asyncio.gather(*sent)]

    assert asyncio.run(hints()) == [400, 400, 401], "a body without a project is refused after its secret was known"
